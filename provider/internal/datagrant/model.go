// Package datagrant is the resource and the data source of the kind DataGrant.
package datagrant

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
	Subject     *Subject     `tfsdk:"subject"`
	Dataset     types.String `tfsdk:"dataset"`
	Selector    *Selector    `tfsdk:"selector"`
	Actions     []string     `tfsdk:"actions"`
	NotBefore   types.String `tfsdk:"not_before"`
	NotAfter    types.String `tfsdk:"not_after"`
	Ceiling     types.String `tfsdk:"ceiling"`
	Purpose     types.String `tfsdk:"purpose"`
	Procedure   types.String `tfsdk:"procedure"`
	RequestedBy types.String `tfsdk:"requested_by"`
	ApprovedBy  []string     `tfsdk:"approved_by"`
	ReviewedBy  types.String `tfsdk:"reviewed_by"`
	Revocation  *Revocation  `tfsdk:"revocation"`
}

// Subject is whom a grant is for.
type Subject struct {
	Kind types.String `tfsdk:"kind"`
	Name types.String `tfsdk:"name"`
}

// Selector narrows a grant.
type Selector struct {
	Prefix  types.String `tfsdk:"prefix"`
	Columns []string     `tfsdk:"columns"`
	Masks   []Mask       `tfsdk:"masks"`
	Rows    []Row        `tfsdk:"rows"`
}

// Mask says what is shown of a column.
type Mask struct {
	Column types.String `tfsdk:"column"`
	Kind   types.String `tfsdk:"kind"`
}

// Row is a condition that rows must meet.
type Row struct {
	Column types.String `tfsdk:"column"`
	Values []string     `tfsdk:"values"`
}

// Revocation ends a grant.
type Revocation struct {
	By     types.String `tfsdk:"by"`
	Reason types.String `tfsdk:"reason"`
}

// Declare returns the spec to apply.
func (m *model) Declare() any {
	out := &declare.DataGrant{
		Subject:     &declare.Subject{Kind: m.Subject.Kind.ValueStringPointer(), Name: m.Subject.Name.ValueStringPointer()},
		Dataset:     m.Dataset.ValueStringPointer(),
		Actions:     &m.Actions,
		NotBefore:   m.NotBefore.ValueStringPointer(),
		NotAfter:    m.NotAfter.ValueStringPointer(),
		Ceiling:     m.Ceiling.ValueStringPointer(),
		Purpose:     m.Purpose.ValueStringPointer(),
		Procedure:   m.Procedure.ValueStringPointer(),
		RequestedBy: m.RequestedBy.ValueStringPointer(),
		ReviewedBy:  m.ReviewedBy.ValueStringPointer(),
		Selector:    m.Selector.declare(),
	}
	if m.ApprovedBy != nil {
		out.ApprovedBy = &m.ApprovedBy
	}
	if r := m.Revocation; r != nil {
		out.Revocation = &declare.Revocation{By: r.By.ValueStringPointer(), Reason: r.Reason.ValueStringPointer()}
	}
	return out
}

func (s *Selector) declare() *declare.Selector {
	if s == nil {
		return nil
	}
	out := &declare.Selector{Prefix: s.Prefix.ValueStringPointer()}
	if s.Columns != nil {
		out.Columns = &s.Columns
	}
	if s.Masks != nil {
		masks := make([]declare.Mask, len(s.Masks))
		for i, m := range s.Masks {
			masks[i] = declare.Mask{Column: m.Column.ValueString(), Kind: m.Kind.ValueStringPointer()}
		}
		out.Masks = &masks
	}
	if s.Rows != nil {
		rows := make([]declare.Row, len(s.Rows))
		for i, r := range s.Rows {
			rows[i] = declare.Row{Column: r.Column.ValueString(), Values: &r.Values}
		}
		out.Rows = &rows
	}
	return out
}

// Absorb reads what the state declares, or everything after an import.
func (m *model) Absorb(live *v1alpha1.DataGrant) {
	m.absorb(&live.Spec)
}

// Observe does nothing: what the operator finds of a grant moves, and is in the data source.
func (m *model) Observe(*v1alpha1.DataGrant) {}

func (s *Spec) absorb(live *v1alpha1.DataGrantSpec) {
	imported := s.Dataset.IsNull()
	s.Subject = &Subject{Kind: types.StringValue(string(live.Subject.Kind)), Name: types.StringValue(live.Subject.Name)}
	s.Dataset = types.StringValue(live.Dataset)
	s.Actions = texts(live.Actions)
	s.NotBefore, s.NotAfter = types.StringValue(string(live.NotBefore)), types.StringValue(string(live.NotAfter))
	s.Ceiling = types.StringValue(string(live.Ceiling))
	s.Purpose = types.StringValue(live.Purpose)
	s.Procedure = types.StringValue(string(live.Procedure))
	s.RequestedBy = types.StringValue(string(live.RequestedBy))
	// Approvals are often added by people at the cluster, beside the configuration: only declared ones are read then.
	if s.ApprovedBy != nil || imported && len(live.ApprovedBy) > 0 {
		s.ApprovedBy = texts(live.ApprovedBy)
	}
	if !s.ReviewedBy.IsNull() || imported {
		s.ReviewedBy = text(string(live.ReviewedBy))
	}
	if s.Revocation != nil || imported {
		s.Revocation = nil
		if r := live.Revocation; r != nil {
			s.Revocation = &Revocation{By: types.StringValue(string(r.By)), Reason: types.StringValue(r.Reason)}
		}
	}
	s.Selector = absorbSelector(live.Selector)
}

func absorbSelector(live *v1alpha1.GrantSelector) *Selector {
	if live == nil {
		return nil
	}
	out := &Selector{Prefix: text(live.Prefix)}
	if len(live.Columns) > 0 {
		out.Columns = texts(live.Columns)
	}
	for _, m := range live.Masks {
		out.Masks = append(out.Masks, Mask{Column: types.StringValue(string(m.Column)), Kind: types.StringValue(string(m.Kind))})
	}
	for _, r := range live.Rows {
		out.Rows = append(out.Rows, Row{Column: types.StringValue(string(r.Column)), Values: r.Values})
	}
	return out
}

func texts[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
