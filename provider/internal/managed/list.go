package managed

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Lister lists the objects of a definition, managed by Terraform or not, for clients that can search.
type Lister[T, M any, P interface {
	*M
	Model[T]
}] struct {
	Handler[T, M, P]
}

// NewLister returns a list resource to register with the provider.
func NewLister[T, M any, P interface {
	*M
	Model[T]
}](d Definition[T, M, P]) list.ListResource {
	return &Lister[T, M, P]{Handler[T, M, P]{Definition: d}}
}

// ListResourceConfigSchema has the workspace to look in, where the kind is in one.
func (l *Lister[T, M, P]) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{MarkdownDescription: "Every " + l.Kind.Name + " of the cluster, by name.", Attributes: map[string]listschema.Attribute{}}
	if l.InWorkspace {
		resp.Schema.MarkdownDescription = "Every " + l.Kind.Name + " of the cluster, or of one workspace, by name."
		resp.Schema.Attributes["workspace"] = listschema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Only those of this workspace.",
			Validators:          ObjectName(),
		}
	}
}

// List reads the run's one LIST of the kind.
func (l *Lister[T, M, P]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var diags diag.Diagnostics
	var workspace types.String
	if l.InWorkspace {
		diags.Append(req.Config.GetAttribute(ctx, path.Root("workspace"), &workspace)...)
	}
	store := l.store(ctx, &diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found, err := store.List(ctx)
	if err != nil {
		Object{Kind: l.Kind.Name, Type: "atoll_" + l.Name, Name: "(all)"}.Report("read", err, &diags)
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		var pushed int64
		for _, live := range found {
			in, inWorkspace := strings.CutPrefix(l.Kind.Meta(live).Namespace, v1alpha1.WorkspaceNamespacePrefix)
			if l.InWorkspace && (!inWorkspace || !workspace.IsNull() && workspace.ValueString() != in) {
				continue
			}
			if req.Limit > 0 && pushed == req.Limit {
				return
			}
			if !push(l.result(ctx, req, live, in)) {
				return
			}
			pushed++
		}
	}
}

// result tells of one object what an import of it would.
func (l *Lister[T, M, P]) result(ctx context.Context, req list.ListRequest, live *T, workspace string) list.ListResult {
	out := req.NewListResult(ctx)
	name := l.Kind.Meta(live).Name
	out.DisplayName = name
	out.Diagnostics.Append(out.Resource.SetAttribute(ctx, path.Root("name"), name)...)
	if l.InWorkspace {
		out.DisplayName = workspace + "/" + name
		out.Diagnostics.Append(out.Resource.SetAttribute(ctx, path.Root("workspace"), workspace)...)
	}
	model := P(new(M))
	out.Diagnostics.Append(out.Resource.Get(ctx, model)...)
	if out.Diagnostics.HasError() {
		return out
	}
	model.SetID()
	model.Absorb(live)
	model.Observe(live)
	out.Diagnostics.Append(out.Identity.Set(ctx, model.identity())...)
	if !req.IncludeResource {
		out.Resource = nil
		return out
	}
	out.Diagnostics.Append(out.Resource.Set(ctx, model)...)
	return out
}
