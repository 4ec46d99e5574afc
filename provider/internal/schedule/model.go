// Package schedule is the resource and the data source of the kind Schedule, and the function cron_next.
package schedule

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/internal/kube/declare"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

type model struct {
	managed.Within
	Spec
}

// Spec are the attributes that a user declares, shared by the resource and the data source.
type Spec struct {
	Owner         types.String   `tfsdk:"owner"`
	Description   types.String   `tfsdk:"description"`
	Profile       types.String   `tfsdk:"profile"`
	Size          types.String   `tfsdk:"size"`
	Cron          types.String   `tfsdk:"cron"`
	TimeZone      types.String   `tfsdk:"time_zone"`
	Start         units.Moment   `tfsdk:"start"`
	End           units.Moment   `tfsdk:"end"`
	Tasks         []Task         `tfsdk:"tasks"`
	CatchUp       *CatchUp       `tfsdk:"catch_up"`
	Overlap       types.String   `tfsdk:"overlap"`
	StartDeadline units.Duration `tfsdk:"start_deadline"`
	Output        *Output        `tfsdk:"output"`
	Notify        *Notify        `tfsdk:"notify"`
	HistoryLimit  types.Int32    `tfsdk:"history_limit"`
	Suspend       types.Bool     `tfsdk:"suspend"`
	Engine        types.String   `tfsdk:"engine"`
}

// Task is a notebook of a schedule.
type Task struct {
	Name       types.String      `tfsdk:"name"`
	Notebook   *Notebook         `tfsdk:"notebook"`
	Parameters map[string]string `tfsdk:"parameters"`
	DependsOn  []string          `tfsdk:"depends_on"`
	Retries    *Retries          `tfsdk:"retries"`
	Timeout    units.Duration    `tfsdk:"timeout"`
	Size       types.String      `tfsdk:"size"`
}

// Notebook is where a notebook comes from.
type Notebook struct {
	Home   types.String `tfsdk:"home"`
	Git    *Git         `tfsdk:"git"`
	Object types.String `tfsdk:"object"`
}

// Git is a notebook in a repository.
type Git struct {
	Repository types.String `tfsdk:"repository"`
	Ref        types.String `tfsdk:"ref"`
	Path       types.String `tfsdk:"path"`
}

// Retries of a task that failed.
type Retries struct {
	Limit      types.Int32    `tfsdk:"limit"`
	Backoff    units.Duration `tfsdk:"backoff"`
	MaxBackoff units.Duration `tfsdk:"max_backoff"`
}

// CatchUp says what becomes of runs that could not start in time.
type CatchUp struct {
	Policy types.String `tfsdk:"policy"`
	Limit  types.Int32  `tfsdk:"limit"`
}

// Output says where executed notebooks are kept.
type Output struct {
	Prefix types.String `tfsdk:"prefix"`
}

// Notify says who hears of a run that failed.
type Notify struct {
	Webhooks []string     `tfsdk:"webhooks"`
	Mail     []string     `tfsdk:"mail"`
	Digest   types.String `tfsdk:"digest"`
}

// Declare returns the spec to apply.
func (m *model) Declare() any {
	tasks := make([]declare.Task, len(m.Tasks))
	for i, t := range m.Tasks {
		tasks[i] = t.declare()
	}
	out := &declare.Schedule{
		Owner:         m.Owner.ValueStringPointer(),
		Description:   m.Description.ValueStringPointer(),
		Profile:       m.Profile.ValueStringPointer(),
		Size:          m.Size.ValueStringPointer(),
		Cron:          m.Cron.ValueStringPointer(),
		TimeZone:      m.TimeZone.ValueStringPointer(),
		Start:         m.Start.ValueStringPointer(),
		End:           m.End.ValueStringPointer(),
		Tasks:         &tasks,
		CatchUp:       &declare.CatchUp{Policy: m.CatchUp.Policy.ValueStringPointer(), Limit: m.CatchUp.Limit.ValueInt32Pointer()},
		Overlap:       m.Overlap.ValueStringPointer(),
		StartDeadline: m.StartDeadline.ValueStringPointer(),
		Output:        &declare.Output{Prefix: m.Output.Prefix.ValueStringPointer()},
		Notify:        &declare.Notify{Digest: m.Notify.Digest.ValueStringPointer()},
		HistoryLimit:  m.HistoryLimit.ValueInt32Pointer(),
		Suspend:       m.Suspend.ValueBoolPointer(),
		Engine:        m.Engine.ValueStringPointer(),
	}
	if m.Notify.Webhooks != nil {
		out.Notify.Webhooks = &m.Notify.Webhooks
	}
	if m.Notify.Mail != nil {
		out.Notify.Mail = &m.Notify.Mail
	}
	return out
}

func (t *Task) declare() declare.Task {
	out := declare.Task{
		Name:     t.Name.ValueString(),
		Notebook: &declare.Notebook{Home: t.Notebook.Home.ValueStringPointer(), Object: t.Notebook.Object.ValueStringPointer()},
		Retries: &declare.Retries{
			Limit: t.Retries.Limit.ValueInt32Pointer(), Backoff: t.Retries.Backoff.ValueStringPointer(), MaxBackoff: t.Retries.MaxBackoff.ValueStringPointer(),
		},
		Timeout: t.Timeout.ValueStringPointer(),
		Size:    t.Size.ValueStringPointer(),
	}
	if g := t.Notebook.Git; g != nil {
		out.Notebook.Git = &declare.Git{Repository: g.Repository.ValueStringPointer(), Ref: g.Ref.ValueStringPointer(), Path: g.Path.ValueStringPointer()}
	}
	if t.Parameters != nil {
		parameters := make([]declare.Parameter, 0, len(t.Parameters))
		for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
			parameters = append(parameters, declare.Parameter{Name: name, Value: t.Parameters[name]})
		}
		out.Parameters = &parameters
	}
	if t.DependsOn != nil {
		out.DependsOn = &t.DependsOn
	}
	return out
}
