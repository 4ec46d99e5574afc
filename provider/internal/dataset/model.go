// Package dataset is the resource and the data source of the kind Dataset.
package dataset

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/declare"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

type model struct {
	managed.Base
	Spec
}

// Spec are the attributes that a user declares, shared by the resource and the data source.
type Spec struct {
	Location        *Location       `tfsdk:"location"`
	Owner           types.String    `tfsdk:"owner"`
	Description     types.String    `tfsdk:"description"`
	Classification  types.String    `tfsdk:"classification"`
	Columns         []Column        `tfsdk:"columns"`
	DerivedFrom     []string        `tfsdk:"derived_from"`
	ConflictClasses []ConflictClass `tfsdk:"conflict_classes"`
}

// Location is where the data is.
type Location struct {
	ObjectPrefix *ObjectPrefix `tfsdk:"object_prefix"`
	Table        *Table        `tfsdk:"table"`
}

// ObjectPrefix is a part of a bucket.
type ObjectPrefix struct {
	Bucket types.String `tfsdk:"bucket"`
	Prefix types.String `tfsdk:"prefix"`
}

// Table is a table of a catalog.
type Table struct {
	Catalog types.String `tfsdk:"catalog"`
	Schema  types.String `tfsdk:"schema"`
	Table   types.String `tfsdk:"table"`
}

// Column is a column that grants may name.
type Column struct {
	Name           types.String `tfsdk:"name"`
	Classification types.String `tfsdk:"classification"`
	Description    types.String `tfsdk:"description"`
}

// ConflictClass is a side of a matter.
type ConflictClass struct {
	Name types.String `tfsdk:"name"`
	Side types.String `tfsdk:"side"`
}

// Declare returns the spec to apply.
func (m *model) Declare() any {
	out := &declare.Dataset{
		Location:       &declare.Location{},
		Owner:          m.Owner.ValueStringPointer(),
		Description:    m.Description.ValueStringPointer(),
		Classification: m.Classification.ValueStringPointer(),
	}
	if o := m.Location.ObjectPrefix; o != nil {
		out.Location.ObjectPrefix = &declare.ObjectPrefix{Bucket: o.Bucket.ValueStringPointer(), Prefix: o.Prefix.ValueStringPointer()}
	}
	if t := m.Location.Table; t != nil {
		out.Location.Table = &declare.Table{Catalog: t.Catalog.ValueStringPointer(), Schema: t.Schema.ValueStringPointer(), Table: t.Table.ValueStringPointer()}
	}
	if m.Columns != nil {
		columns := make([]declare.Column, len(m.Columns))
		for i, c := range m.Columns {
			columns[i] = declare.Column{
				Name: c.Name.ValueString(), Classification: c.Classification.ValueStringPointer(), Description: c.Description.ValueStringPointer(),
			}
		}
		out.Columns = &columns
	}
	if m.DerivedFrom != nil {
		out.DerivedFrom = &m.DerivedFrom
	}
	if m.ConflictClasses != nil {
		sides := make([]declare.ConflictClass, len(m.ConflictClasses))
		for i, c := range m.ConflictClasses {
			sides[i] = declare.ConflictClass{Name: c.Name.ValueString(), Side: c.Side.ValueStringPointer()}
		}
		out.ConflictClasses = &sides
	}
	return out
}

// Absorb reads what the state declares, or everything after an import.
func (m *model) Absorb(live *v1alpha1.Dataset) {
	scope := managed.Declared
	if m.Owner.IsNull() {
		scope = managed.Everything
	}
	m.absorb(&live.Spec, scope)
}

// Observe does nothing: what the operator computes of a dataset moves, and is in the data source.
func (m *model) Observe(*v1alpha1.Dataset) {}

func (s *Spec) absorb(live *v1alpha1.DatasetSpec, scope managed.Scope) {
	location := &Location{}
	if o := live.Location.ObjectPrefix; o != nil {
		was, part := ObjectPrefix{}, managed.Everything
		if s.Location != nil && s.Location.ObjectPrefix != nil {
			was, part = *s.Location.ObjectPrefix, scope
		}
		location.ObjectPrefix = &ObjectPrefix{Bucket: types.StringValue(o.Bucket), Prefix: managed.Text(was.Prefix, o.Prefix, part)}
	}
	if t := live.Location.Table; t != nil {
		location.Table = &Table{Catalog: types.StringValue(t.Catalog), Schema: types.StringValue(t.Schema), Table: types.StringValue(t.Table)}
	}
	s.Location = location
	s.Owner = types.StringValue(live.Owner)
	s.Description = managed.Text(s.Description, live.Description, scope)
	s.Classification = managed.Text(s.Classification, string(live.Classification), scope)
	if s.DerivedFrom != nil || scope == managed.Everything && len(live.DerivedFrom) > 0 {
		s.DerivedFrom = append([]string{}, live.DerivedFrom...)
	}
	s.absorbColumns(live.Columns, scope)
	if s.ConflictClasses == nil && (scope == managed.Declared || len(live.ConflictClasses) == 0) {
		return
	}
	s.ConflictClasses = make([]ConflictClass, len(live.ConflictClasses))
	for i, c := range live.ConflictClasses {
		s.ConflictClasses[i] = ConflictClass{Name: types.StringValue(c.Name), Side: types.StringValue(c.Side)}
	}
}

// absorbColumns reads each column by what the one of the same name declares; one that is new is read whole.
func (s *Spec) absorbColumns(live []v1alpha1.DatasetColumn, scope managed.Scope) {
	if s.Columns == nil && (scope == managed.Declared || len(live) == 0) {
		return
	}
	known := make(map[string]Column, len(s.Columns))
	for _, c := range s.Columns {
		known[c.Name.ValueString()] = c
	}
	s.Columns = make([]Column, len(live))
	for i, c := range live {
		was, ok := known[string(c.Name)]
		part := scope
		if !ok {
			part = managed.Everything
		}
		s.Columns[i] = Column{
			Name:           types.StringValue(string(c.Name)),
			Classification: managed.Text(was.Classification, string(c.Classification), part),
			Description:    managed.Text(was.Description, c.Description, part),
		}
	}
}
