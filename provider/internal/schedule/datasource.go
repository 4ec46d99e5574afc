package schedule

import (
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/observed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

// NewDataSource returns the data source atoll_schedule.
func NewDataSource() datasource.DataSource {
	return observed.New(observed.Definition[v1alpha1.Schedule, observation]{
		Kind:        kube.Schedules,
		Name:        "schedule",
		Description: "A schedule as the cluster has it now: what it asks for, whether it is ready, when it is next due, and how its last runs went.",
		InWorkspace: true,
		Attributes:  observedAttributes,
		Model:       observe,
	})
}

type observation struct {
	ID        types.String `tfsdk:"id"`
	Workspace types.String `tfsdk:"workspace"`
	Name      types.String `tfsdk:"name"`
	Spec
	observed.Status
	NextRun     types.String `tfsdk:"next_run"`
	LastSuccess types.String `tfsdk:"last_success"`
	Active      types.Int32  `tfsdk:"active"`
	Runs        []summary    `tfsdk:"runs"`
}

type summary struct {
	Name      types.String `tfsdk:"name"`
	Interval  types.String `tfsdk:"interval"`
	Trigger   types.String `tfsdk:"trigger"`
	Phase     types.String `tfsdk:"phase"`
	Reason    types.String `tfsdk:"reason"`
	StartTime types.String `tfsdk:"start_time"`
	Duration  types.String `tfsdk:"duration"`
	Attempt   types.Int32  `tfsdk:"attempt"`
	Output    types.String `tfsdk:"output"`
}

func observe(live *v1alpha1.Schedule) *observation {
	workspace := strings.TrimPrefix(live.Namespace, v1alpha1.WorkspaceNamespacePrefix)
	o := &observation{
		ID:          types.StringValue(workspace + "/" + live.Name),
		Workspace:   types.StringValue(workspace),
		Name:        types.StringValue(live.Name),
		Status:      observed.NewStatus(live.Generation, live.Status.ObservedGeneration, live.Status.Conditions),
		NextRun:     when(live.Status.NextRun),
		LastSuccess: when(live.Status.LastSuccess),
		Active:      types.Int32Value(live.Status.Active),
		Runs:        []summary{},
	}
	o.absorb(&live.Spec, managed.Everything)
	for _, r := range live.Status.Runs {
		s := summary{
			Name: types.StringValue(r.Name), Interval: when(r.Interval), Trigger: text(string(r.Trigger)), Phase: text(string(r.Phase)),
			Reason: text(r.Reason), StartTime: when(r.StartTime), Attempt: types.Int32Value(r.Attempt), Output: text(r.Output),
		}
		if r.Duration != nil {
			s.Duration = types.StringValue(units.NewDuration(r.Duration.Duration).ValueString())
		}
		o.Runs = append(o.Runs, s)
	}
	return o
}

func when(t *metav1.Time) types.String {
	if t == nil {
		return types.StringNull()
	}
	return types.StringValue(units.NewMoment(t.Time).ValueString())
}

func observedAttributes() map[string]schema.Attribute {
	out := observed.ReadOnly(attributes())
	maps.Copy(out, observed.StatusAttributes())
	out["next_run"] = observed.Text("When the next run is due, RFC 3339; null when nothing is.")
	out["last_success"] = observed.Text("When a run last succeeded.")
	out["active"] = observed.Number("Number of runs that are at work or wait for another to finish.")
	out["runs"] = schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "The last runs, the newest first, at most 20.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":       observed.Text("Name of the run."),
			"interval":   observed.Text("When it was due."),
			"trigger":    observed.Text("`Schedule`, `CatchUp` or `Manual`."),
			"phase":      observed.Text("`Pending`, `Running`, `Succeeded`, `Failed`, `Missed`, `Skipped` or `Cancelled`."),
			"reason":     observed.Text("Stable word for programs."),
			"start_time": observed.Text("When it began."),
			"duration":   observed.Text("From its beginning to its end."),
			"attempt":    observed.Number("Highest attempt of its tasks."),
			"output":     observed.Text("Executed notebook: of the task that failed, or of the last one."),
		}},
	}
	return out
}
