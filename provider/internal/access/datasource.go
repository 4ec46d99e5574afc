// Package access is the data sources that ask who can do what to data.
package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/access"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/observed"
)

// patience bounds the wait for an answer.
const patience = 2 * time.Minute

// NewWhoCan returns the data source atoll_access_who_can.
func NewWhoCan() datasource.DataSource {
	return &source{
		name:        "access_who_can",
		description: "Who can do what to a dataset, now or at a time in the past, as the ledger says.",
		question:    v1alpha1.QuestionWhoCan,
		about: map[string]schema.Attribute{
			"dataset": schema.StringAttribute{Required: true, MarkdownDescription: "Dataset that is asked about.", Validators: managed.ObjectName()},
			"column":  schema.StringAttribute{Optional: true, MarkdownDescription: "Only those who can read this column of a table."},
		},
	}
}

// NewWhatCan returns the data source atoll_access_what_can.
func NewWhatCan() datasource.DataSource {
	return &source{
		name:        "access_what_can",
		description: "What a person can do to which datasets, now or at a time in the past, as the ledger says.",
		question:    v1alpha1.QuestionWhatCan,
		about: map[string]schema.Attribute{
			"person": schema.StringAttribute{
				Required: true, MarkdownDescription: "User name of the person that is asked about.", Validators: []validator.String{managed.Person()},
			},
		},
	}
}

type source struct {
	observed.Connection
	name, description string
	question          v1alpha1.AccessQuestion
	about             map[string]schema.Attribute
}

// Metadata names the data source type.
func (s *source) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + s.name
}

// Schema returns the question and the answer.
func (s *source) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"at": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Time that is asked about, in UTC and whole seconds, such as `2027-01-31T08:00:00Z`; now where it is not set.",
		},
		"complete": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the answer is whole. Where it is not, `not_evaluable` says what is not known: that is not the same as no access.",
		},
		"digest": observed.Text("Digest of the answer: it stays the same for a time in the past."),
		"access": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Access that there is.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"person":  observed.Text("User name, in lower case."),
				"dataset": observed.Text("Dataset."),
				"action":  observed.Text("What can be done."),
				"prefix":  observed.Text("Prefix of the objects, from the top of the bucket."),
				"columns": schema.ListAttribute{
					Computed: true, ElementType: types.StringType, MarkdownDescription: "Columns that are shown, as `name` or `name=mask`; none means all of them.",
				},
				"rows":   observed.Text("Rows that are shown; all of them where it is empty."),
				"grants": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Grants that give it."},
			}},
		},
		"not_evaluable": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "What is not known.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"about": observed.Text("Subject, dataset or time that it is about."),
				"why":   observed.Text("Why it is not known."),
			}},
		},
	}
	maps.Copy(attributes, s.about)
	resp.Schema = schema.Schema{
		MarkdownDescription: s.description + "\n\nWho asks needs the ClusterRole `" + access.Role + "`.",
		Attributes:          attributes,
	}
}

type entry struct {
	Person  types.String `tfsdk:"person"`
	Dataset types.String `tfsdk:"dataset"`
	Action  types.String `tfsdk:"action"`
	Prefix  types.String `tfsdk:"prefix"`
	Columns []string     `tfsdk:"columns"`
	Rows    types.String `tfsdk:"rows"`
	Grants  []string     `tfsdk:"grants"`
}

type gap struct {
	About types.String `tfsdk:"about"`
	Why   types.String `tfsdk:"why"`
}

// Read asks the operator.
func (s *source) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	values := map[string]types.String{"at": types.StringNull()}
	for name := range s.about {
		values[name] = types.StringNull()
	}
	for name := range values {
		var value types.String
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), &value)...)
		values[name] = value
	}
	client := s.Client(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := client.Ask(ctx, v1alpha1.AccessQuerySpec{
		Question: s.question, Dataset: values["dataset"].ValueString(), Column: v1alpha1.ColumnName(values["column"].ValueString()),
		Person: v1alpha1.UserName(values["person"].ValueString()), At: v1alpha1.Instant(values["at"].ValueString()),
	})
	var unanswered *access.Unanswered
	if errors.As(err, &unanswered) {
		resp.Diagnostics.AddError("The question has no answer: "+unanswered.Reason, unanswered.Message)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError("The question could not be asked", err.Error())
		return
	}
	list, gaps := []entry{}, []gap{}
	for _, a := range answer.Access {
		e := entry{
			Person: types.StringValue(a.Person), Dataset: types.StringValue(a.Dataset), Action: types.StringValue(string(a.Action)),
			Prefix: types.StringValue(a.Prefix), Columns: append([]string{}, a.Columns...), Rows: types.StringValue(a.Rows), Grants: []string{},
		}
		for _, g := range a.Grants {
			e.Grants = append(e.Grants, g.Name)
		}
		list = append(list, e)
	}
	for _, n := range answer.NotEvaluable {
		gaps = append(gaps, gap{types.StringValue(n.About), types.StringValue(n.Why)})
	}
	values["at"] = types.StringValue(string(answer.At))
	for name, value := range values {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	for name, value := range map[string]any{
		"complete": len(gaps) == 0, "digest": answer.Digest, "access": list, "not_evaluable": gaps,
	} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	if len(gaps) > 0 {
		resp.Diagnostics.AddWarning("The answer is not whole", fmt.Sprintf("%d parts of it are not known: not_evaluable says which, and why. That is not the same as no access.", len(gaps)))
	}
}
