package managed

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/atoll-platform/atoll/internal/kube"
)

// How long operations wait unless the timeouts attribute says otherwise.
const (
	createTimeout = 5 * time.Minute
	updateTimeout = 5 * time.Minute
	deleteTimeout = 10 * time.Minute
)

// Create applies the object, saves state and identity as soon as the API accepts it, and only then
// waits: whatever the wait brings, Terraform knows of the object.
func (r *Handler[T, M, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := within(ctx, &resp.Diagnostics, plan.Common().Timeouts.Create, createTimeout)
	defer cancel()
	store := r.store(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	live, found, err := store.Create(ctx, plan.Key(), plan.Declare(), force(plan.Common()))
	if err != nil {
		r.object(plan).Report("create", err, &resp.Diagnostics)
		return
	}
	if found {
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), r.object(plan).String()+" was there already, exactly as declared",
			"It was taken over. An apply that was interrupted leaves such an object. If another configuration declares the same one, "+
				"remove it from one of them.")
	}
	save := saver[P](ctx, &resp.State, resp.Identity, &resp.Diagnostics)
	r.settle(ctx, store, plan, live, save, resp.Private, &resp.Diagnostics)
}

// Update applies the object and waits like Create.
func (r *Handler[T, M, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan := P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := within(ctx, &resp.Diagnostics, plan.Common().Timeouts.Update, updateTimeout)
	defer cancel()
	store := r.store(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	live, err := store.Update(ctx, plan.Key(), plan.Declare(), force(plan.Common()))
	if err != nil {
		r.object(plan).Report("update", err, &resp.Diagnostics)
		return
	}
	save := saver[P](ctx, &resp.State, resp.Identity, &resp.Diagnostics)
	r.settle(ctx, store, plan, live, save, resp.Private, &resp.Diagnostics)
}

// settle saves the plan with what is computed so far, waits, and saves again. A time-out is a
// warning: an error in Create would taint, and a tainted workspace is destroyed by the next apply.
func (r *Handler[T, M, P]) settle(ctx context.Context, store *kube.Store[T], plan P, live *T, save func(P), private Private, diags *diag.Diagnostics) {
	computed := *plan
	P(&computed).Observe(live)
	save(&computed)
	seen, err := store.WaitReady(ctx, plan.Key())
	if seen != nil {
		plan.Observe(seen)
		save(plan)
	}
	if absorbed := *plan; err == nil && declares(plan, P(&absorbed), live) {
		Keep(ctx, private, seenKey, r.seenOf(plan.Key(), live), diags)
	}
	var late *kube.TimeoutError
	if errors.As(err, &late) {
		diags.AddWarning(r.object(plan).String()+" is not ready yet",
			"It was accepted and is in the state; the operator goes on working on it. "+late.Error()+
				".\n\nThe next plan reports how far it is. A longer wait is set by the attribute timeouts.")
		return
	}
	if err != nil {
		r.object(plan).Report("wait for", err, diags)
	}
}

// Read takes the object from the run's one LIST of its kind. Only the API's own word that the object
// does not exist drops it from the state. What has not changed is not read at all: see Unchanged.
func (r *Handler[T, M, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	store := r.store(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	state := P(new(M))
	resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	live, err := store.Read(ctx, state.Key())
	if errors.Is(err, kube.ErrNotFound) {
		// The framework asks for an identity even here, where the client has none stored yet.
		resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		r.object(state).Report("read", err, &resp.Diagnostics)
		return
	}
	state.SetID()
	state.Absorb(live)
	state.Observe(live)
	saver[P](ctx, &resp.State, resp.Identity, &resp.Diagnostics)(state)
	if store.IsReady(live) {
		Keep(ctx, resp.Private, seenKey, r.seenOf(state.Key(), live), &resp.Diagnostics)
	}
	ReportCondition(r.object(state), store, live, &resp.Diagnostics)
}

// Delete deletes the object and waits until it is gone; one that is not there is no error.
func (r *Handler[T, M, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := P(new(M))
	resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := within(ctx, &resp.Diagnostics, state.Common().Timeouts.Delete, deleteTimeout)
	defer cancel()
	store := r.store(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := store.Delete(ctx, state.Key()); err != nil {
		r.object(state).Report("delete", err, &resp.Diagnostics)
	}
}

func force(b *Base) kube.Force { return kube.Force(b.ForceConflicts.ValueBool()) }

// saver writes a model to the state, and its name to the identity.
func saver[P interface{ identity() any }](ctx context.Context, state *tfsdk.State, id *tfsdk.ResourceIdentity, diags *diag.Diagnostics) func(P) {
	return func(m P) {
		diags.Append(state.Set(ctx, m)...)
		if id != nil {
			diags.Append(id.Set(ctx, m.identity())...)
		}
	}
}
