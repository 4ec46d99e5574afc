package observed

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// Definition is what is particular to the data source of one object of a kind.
type Definition[T, M any] struct {
	Kind kube.Kind[T]
	// Name of the data source type after the provider's.
	Name        string
	Description string
	// InWorkspace has the objects in the namespaces of workspaces.
	InWorkspace bool
	// Attributes besides id and name.
	Attributes func() map[string]schema.Attribute
	// Model makes the state of an object.
	Model func(*T) *M
}

// Source is the data source of a definition.
type Source[T, M any] struct {
	Definition[T, M]
	Connection
}

// New returns a data source to register with the provider.
func New[T, M any](d Definition[T, M]) datasource.DataSource {
	return &Source[T, M]{Definition: d}
}

// Metadata names the data source type.
func (s *Source[T, M]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + s.Name
}

// Schema returns the attributes of the kind, id and name.
func (s *Source[T, M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"id": Text("The name."),
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the " + s.Kind.Name + " in the cluster.",
			Validators:          managed.ObjectName(),
		},
	}
	if s.InWorkspace {
		attributes["id"] = Text("The workspace and the name: `workspace/name`.")
		attributes["workspace"] = schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the workspace it is in.",
			Validators:          managed.ObjectName(),
		}
	}
	maps.Copy(attributes, s.Attributes())
	resp.Schema = schema.Schema{MarkdownDescription: s.Description, Attributes: attributes}
}

// Read takes the object from the run's one LIST of its kind.
func (s *Source[T, M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	key := name.ValueString()
	if s.InWorkspace {
		var workspace types.String
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("workspace"), &workspace)...)
		key = v1alpha1.WorkspaceNamespacePrefix + workspace.ValueString() + "/" + key
	}
	if resp.Diagnostics.HasError() {
		return
	}
	client := s.Client(ctx, &resp.Diagnostics)
	if client == nil {
		return
	}
	live, err := kube.NewStore(client, s.Kind).Read(ctx, key)
	if errors.Is(err, kube.ErrNotFound) {
		resp.Diagnostics.AddAttributeError(path.Root("name"), fmt.Sprintf("There is no %s %s", s.Kind.Name, key),
			"The cluster was asked and does not have it. If this configuration creates it, refer to the resource's name here, so that it is read afterwards.")
		return
	}
	if err != nil {
		managed.Object{Kind: s.Kind.Name, Name: key}.Report("read", err, &resp.Diagnostics)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, s.Model(live))...)
}

// Connection is the provider's connection in a data source.
type Connection struct{ connect managed.Connect }

// Configure takes the provider's connection; there is none while a configuration is validated.
func (c *Connection) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	c.connect.Take(req.ProviderData, &resp.Diagnostics)
}

// Client connects, or returns nil and says why.
func (c *Connection) Client(ctx context.Context, diags *diag.Diagnostics) *kube.Client {
	return c.connect.Client(ctx, diags)
}
