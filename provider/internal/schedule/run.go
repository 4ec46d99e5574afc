package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	attribute "github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

const (
	// patience is how long a run is waited for unless the configuration says otherwise.
	patience = time.Hour
	// look is the time between two looks at a run.
	look = 2 * time.Second
)

// NewRun returns the action atoll_schedule_run.
func NewRun() action.Action { return &run{} }

type run struct{ connect managed.Connect }

type runModel struct {
	Workspace types.String   `tfsdk:"workspace"`
	Schedule  types.String   `tfsdk:"schedule"`
	Wait      types.Bool     `tfsdk:"wait"`
	Timeout   units.Duration `tfsdk:"timeout"`
}

// Metadata names the action type.
func (*run) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_schedule_run"
}

// Schema says which schedule, and whether to wait.
func (*run) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Runs a schedule now, beside the times at which it is due. It begins even while the schedule is suspended.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{Required: true, MarkdownDescription: "Workspace that the schedule is in.", Validators: managed.ObjectName()},
			"schedule":  schema.StringAttribute{Required: true, MarkdownDescription: "Name of the schedule.", Validators: managed.ObjectName()},
			"wait":      schema.BoolAttribute{Optional: true, MarkdownDescription: "Wait for the run to end, and fail where it does not succeed; `true` unless set."},
			"timeout": schema.StringAttribute{
				Optional: true, CustomType: units.DurationType{}, Validators: []validator.String{units.Between(time.Second, 7*24*time.Hour)},
				MarkdownDescription: "How long to wait, such as `30m`; `1h` unless set. The run goes on when it is over.",
			},
		},
	}
}

// Configure takes the provider's connection; there is none while a configuration is validated.
func (r *run) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	r.connect.Take(req.ProviderData, &resp.Diagnostics)
}

// Invoke makes a Run, and follows it.
func (r *run) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var m runModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.connect.Client(ctx, &resp.Diagnostics)
	if client == nil {
		return
	}
	name := m.Workspace.ValueString() + "/" + m.Schedule.ValueString()
	made, err := start(ctx, client, m.Workspace.ValueString(), m.Schedule.ValueString())
	if errors.Is(err, kube.ErrNotFound) {
		resp.Diagnostics.AddError("There is no schedule "+name, "Name a schedule that is there, or create it first.")
		return
	}
	if err != nil {
		resp.Diagnostics.AddError("Schedule "+name+" could not be run", err.Error())
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: "run " + made + " of " + name + " was started"})
	if !m.Wait.IsNull() && !m.Wait.ValueBool() {
		return
	}
	limit := patience
	if !m.Timeout.IsNull() {
		var err error
		if limit, err = time.ParseDuration(m.Timeout.ValueString()); err != nil {
			resp.Diagnostics.AddAttributeError(attribute.Root("timeout"), "The timeout is no duration", err.Error())
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	said := func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: "run " + made + ": " + text}) }
	ended, err := follow(ctx, client, m.Workspace.ValueString(), made, said)
	switch {
	case err != nil:
		resp.Diagnostics.AddError("Run "+made+" of "+name+" could not be followed", err.Error()+"; the run goes on: see its status")
	case ended.Status.Phase != v1alpha1.RunSucceeded:
		resp.Diagnostics.AddError(fmt.Sprintf("Run %s of %s is %s: %s", made, name, ended.Status.Phase, ended.Status.Reason), ended.Status.Message)
	}
}

// start makes a run of a schedule that is there, and returns its name.
func start(ctx context.Context, client *kube.Client, workspace, schedule string) (string, error) {
	namespace := v1alpha1.WorkspaceNamespacePrefix + workspace + "/"
	if _, err := kube.NewStore(client, kube.Schedules).Get(ctx, namespace+schedule); err != nil {
		return "", err
	}
	name := schedule + "-manual-" + rand.String(5)
	_, err := kube.NewStore(client, kube.Runs).Submit(ctx, namespace+name, &v1alpha1.RunSpec{Schedule: schedule, Trigger: v1alpha1.TriggerManual})
	return name, err
}

// follow waits until a run has ended, and tells of each phase.
func follow(ctx context.Context, client *kube.Client, workspace, name string, say func(string)) (*v1alpha1.Run, error) {
	store := kube.NewStore(client, kube.Runs)
	phase := v1alpha1.RunPending
	for {
		got, err := store.Get(ctx, v1alpha1.WorkspaceNamespacePrefix+workspace+"/"+name)
		if err != nil {
			return nil, err
		}
		if got.Status.Phase != "" && got.Status.Phase != phase {
			phase = got.Status.Phase
			say(string(phase))
		}
		if phase.Finished() {
			return got, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("it is still %s: %w", phase, ctx.Err())
		case <-time.After(look):
		}
	}
}
