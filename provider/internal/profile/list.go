package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/observed"
)

// NewListDataSource returns the data source atoll_profiles.
func NewListDataSource() datasource.DataSource { return &list{} }

type list struct{ observed.Connection }

type listModel struct {
	Workspace types.String  `tfsdk:"workspace"`
	Ready     types.Bool    `tfsdk:"ready"`
	Names     []string      `tfsdk:"names"`
	Profiles  []observation `tfsdk:"profiles"`
}

// Metadata names the data source type.
func (*list) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_profiles"
}

// Schema returns the filters and the list.
func (*list) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	profile := observedAttributes()
	profile["id"] = observed.Text("The name.")
	profile["name"] = observed.Text("Name of the profile in the cluster.")
	resp.Schema = schema.Schema{
		MarkdownDescription: "The profiles of the cluster by name, all of them or those that pass the filters.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only profiles that this workspace allows.",
				Validators:          managed.ObjectName(),
			},
			"ready": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Only profiles that are ready, or only those that are not.",
			},
			"names": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Names of the profiles found.",
			},
			"profiles": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The profiles found.",
				NestedObject:        schema.NestedAttributeObject{Attributes: profile},
			},
		},
	}
}

// Read filters the run's one LIST of profiles.
func (l *list) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := l.Client(ctx, &resp.Diagnostics)
	if client == nil {
		return
	}
	found, err := kube.NewStore(client, kube.Profiles).List(ctx)
	if err != nil {
		managed.Object{Kind: kube.Profiles.Name, Name: "(all)"}.Report("read", err, &resp.Diagnostics)
		return
	}
	var allowed []string
	if !m.Workspace.IsNull() {
		workspace, err := kube.NewStore(client, kube.Workspaces).Read(ctx, m.Workspace.ValueString())
		if errors.Is(err, kube.ErrNotFound) {
			resp.Diagnostics.AddAttributeError(path.Root("workspace"), "There is no Workspace "+m.Workspace.ValueString(),
				fmt.Sprintf("Profiles were asked for that workspace %q allows, and the cluster does not have it.", m.Workspace.ValueString()))
			return
		}
		if err != nil {
			managed.Object{Kind: kube.Workspaces.Name, Name: m.Workspace.ValueString()}.Report("read", err, &resp.Diagnostics)
			return
		}
		allowed = workspace.Spec.Profiles
	}
	m.Names, m.Profiles = []string{}, []observation{}
	for _, live := range found {
		profile := observe(live)
		hidden := !m.Workspace.IsNull() && !slices.Contains(allowed, live.Name)
		if hidden || !m.Ready.IsNull() && !m.Ready.Equal(profile.Ready) {
			continue
		}
		m.Names = append(m.Names, live.Name)
		m.Profiles = append(m.Profiles, *profile)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
