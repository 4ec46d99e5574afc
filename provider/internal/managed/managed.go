// Package managed is the life of a resource that is one custom resource in the cluster. A kind adds
// its schema and its model; everything else is the same for all.
package managed

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/internal/kube"
)

// Base are the attributes that every resource has.
type Base struct {
	ID             types.String   `tfsdk:"id"`
	Name           types.String   `tfsdk:"name"`
	ForceConflicts types.Bool     `tfsdk:"force_conflicts"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// Common returns the base of a model that embeds it.
func (b *Base) Common() *Base { return b }

// Key is the object's name in the cluster.
func (b *Base) Key() string { return b.Name.ValueString() }

// SetID sets the id.
func (b *Base) SetID() { b.ID = b.Name }

func (b *Base) identity() any { return identity{Name: b.Name} }

// Model is the state of one resource of a kind.
type Model[T any] interface {
	Common() *Base
	// Key is the name of the object, with its namespace where it has one.
	Key() string
	// SetID sets the id from the rest.
	SetID()
	identity() any
	// Declare returns what the user declared, as a struct of package declare.
	Declare() any
	// Absorb takes over the live values of what is declared. What is not declared stays null, save
	// after an import, where everything is new.
	Absorb(live *T)
	// Observe fills the computed attributes, leaving those that are known.
	Observe(live *T)
}

// Definition is what is particular to a kind's resource.
type Definition[T, M any, P interface {
	*M
	Model[T]
}] struct {
	Kind kube.Kind[T]
	// Name of the resource type after the provider's.
	Name string
	// Schema returns the kind's own attributes; those of Base are added.
	Schema func() schema.Schema
	// InWorkspace has the objects in the namespaces of workspaces. The model embeds Within in place of Base.
	InWorkspace bool
	// Change checks an update against the state.
	Change func(ctx context.Context, req resource.ModifyPlanRequest) diag.Diagnostics
}

// Handler is the resource of a definition.
type Handler[T, M any, P interface {
	*M
	Model[T]
}] struct {
	Definition[T, M, P]
	connect Connect
}

// New returns a resource to register with the provider.
func New[T, M any, P interface {
	*M
	Model[T]
}](d Definition[T, M, P]) resource.Resource {
	return &Handler[T, M, P]{Definition: d}
}

// Metadata names the resource type. Its identity may never change once it is stored.
func (r *Handler[T, M, P]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.Name
}

// Schema returns the attributes of the kind and of Base.
func (r *Handler[T, M, P]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.Definition.Schema()
	for name, attribute := range baseAttributes(ctx, r.Kind.Name) {
		resp.Schema.Attributes[name] = attribute
	}
	if r.InWorkspace {
		withinAttributes(&resp.Schema)
	}
}

// IdentitySchema says that a name identifies an object.
func (r *Handler[T, M, P]) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Name of the " + r.Kind.Name + " in the cluster.",
		},
	}}
	if r.InWorkspace {
		resp.IdentitySchema.Attributes["workspace"] = identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Workspace that the " + r.Kind.Name + " is in.",
		}
	}
}

type identity struct {
	Name types.String `tfsdk:"name"`
}

// Configure takes the provider's connection; there is none while a configuration is validated.
func (r *Handler[T, M, P]) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.connect.Take(req.ProviderData, &resp.Diagnostics)
}

// ImportState imports by id, or by identity where the client can: both are the name.
func (r *Handler[T, M, P]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if r.InWorkspace {
		importWithin(ctx, req, resp)
		return
	}
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("name"), path.Root("name"), req, resp)
}

// ModifyPlan checks updates; it makes no request.
func (r *Handler[T, M, P]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.Change == nil || req.State.Raw.IsNull() || req.Plan.Raw.IsNull() {
		return
	}
	resp.Diagnostics.Append(r.Change(ctx, req)...)
}

func (r *Handler[T, M, P]) store(ctx context.Context, diags *diag.Diagnostics) *kube.Store[T] {
	client := r.connect.Client(ctx, diags)
	if client == nil {
		return nil
	}
	return kube.NewStore(client, r.Kind)
}

func (r *Handler[T, M, P]) object(m P) Object { return r.named(m.Key()) }

func (r *Handler[T, M, P]) named(key string) Object {
	return Object{Kind: r.Kind.Name, Type: "atoll_" + r.Name, Name: key}
}

// within bounds the context by the time-out of an operation.
func within(ctx context.Context, diags *diag.Diagnostics,
	configured func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), standard time.Duration,
) (context.Context, context.CancelFunc) {
	limit, found := configured(ctx, standard)
	diags.Append(found...)
	return context.WithTimeout(ctx, limit)
}
