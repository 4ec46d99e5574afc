package schedule

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

// Absorb reads what the state declares, or everything after an import.
func (m *model) Absorb(live *v1alpha1.Schedule) {
	scope := managed.Declared
	if m.Owner.IsNull() {
		scope = managed.Everything
	}
	m.absorb(&live.Spec, scope)
}

// Observe does nothing: what the operator computes of a schedule moves, and is in the data source.
func (m *model) Observe(*v1alpha1.Schedule) {}

func (s *Spec) absorb(live *v1alpha1.ScheduleSpec, scope managed.Scope) {
	s.Owner = types.StringValue(live.Owner)
	s.Description = managed.Text(s.Description, live.Description, scope)
	s.Profile = types.StringValue(live.Profile)
	s.Size = managed.Text(s.Size, live.Size, scope)
	s.Cron = types.StringValue(live.Cron)
	s.TimeZone = types.StringValue(live.TimeZone)
	s.Start = moment(s.Start, live.Start, scope)
	s.End = moment(s.End, live.End, scope)
	s.Tasks = tasks(s.Tasks, live.Tasks, scope)
	s.CatchUp = &CatchUp{Policy: types.StringValue(string(live.CatchUp.Policy)), Limit: types.Int32Value(live.CatchUp.Limit)}
	s.Overlap = types.StringValue(string(live.Overlap))
	s.StartDeadline = managed.Duration(live.StartDeadline)
	prefix := types.StringNull()
	if s.Output != nil {
		prefix = s.Output.Prefix
	}
	s.Output = &Output{Prefix: managed.Text(prefix, live.Output.Prefix, scope)}
	was := Notify{}
	if s.Notify != nil {
		was = *s.Notify
	}
	s.Notify = &Notify{
		Webhooks: list(was.Webhooks, live.Notify.Webhooks, scope),
		Mail:     list(was.Mail, live.Notify.Mail, scope),
		Digest:   types.StringValue(string(live.Notify.Digest)),
	}
	s.HistoryLimit = types.Int32Value(live.HistoryLimit)
	s.Suspend = managed.Flag(s.Suspend, live.Suspend, scope)
	s.Engine = types.StringValue(string(live.Engine))
}

// tasks reads each task by what the one of the same name declares; one that is new is read whole.
func tasks(declared []Task, live []v1alpha1.Task, scope managed.Scope) []Task {
	known := make(map[string]Task, len(declared))
	for _, t := range declared {
		known[t.Name.ValueString()] = t
	}
	out := make([]Task, len(live))
	for i, l := range live {
		was, ok := known[l.Name]
		part := scope
		if !ok {
			part = managed.Everything
		}
		out[i] = Task{
			Name:      types.StringValue(l.Name),
			Notebook:  notebook(l.Notebook),
			DependsOn: list(was.DependsOn, l.DependsOn, part),
			Retries: &Retries{
				Limit: types.Int32Value(l.Retries.Limit), Backoff: managed.Duration(l.Retries.Backoff), MaxBackoff: managed.Duration(l.Retries.MaxBackoff),
			},
			Timeout: managed.Duration(l.Timeout),
			Size:    managed.Text(was.Size, l.Size, part),
		}
		if was.Parameters != nil || part == managed.Everything && len(l.Parameters) > 0 {
			out[i].Parameters = make(map[string]string, len(l.Parameters))
			for _, p := range l.Parameters {
				out[i].Parameters[p.Name] = p.Value
			}
		}
	}
	return out
}

func notebook(live v1alpha1.Notebook) *Notebook {
	out := &Notebook{Home: text(live.Home), Object: text(live.Object)}
	if live.Git != nil {
		out.Git = &Git{Repository: types.StringValue(live.Git.Repository), Ref: types.StringValue(live.Git.Ref), Path: types.StringValue(live.Git.Path)}
	}
	return out
}

func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func list(declared, live []string, scope managed.Scope) []string {
	if declared == nil && (scope == managed.Declared || len(live) == 0) {
		return nil
	}
	return append([]string{}, live...)
}

// moment reads a time as the state writes it where it is the same.
func moment(declared units.Moment, live *metav1.Time, scope managed.Scope) units.Moment {
	if declared.IsNull() && scope == managed.Declared {
		return declared
	}
	if live == nil {
		return units.Moment{StringValue: types.StringNull()}
	}
	if now := units.NewMoment(live.Time); !now.Same(declared) {
		return now
	}
	return declared
}
