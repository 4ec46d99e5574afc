package managed

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/internal/version"
)

// seenKey is where the private state keeps what was seen.
const seenKey = "seen"

// seen is the version of an object that a state was made of. The API server raises the generation with every change of the
// spec, so a state that was made of the same generation, by the same provider, is current; what is computed never changes.
type seen struct {
	Key        string    `json:"key"`
	UID        types.UID `json:"uid"`
	Generation int64     `json:"generation"`
	Provider   string    `json:"provider"`
}

// private is a private state to read.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// keeper is a private state to write to.
type keeper interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func (r *Handler[T, M, P]) seenOf(key string, live *T) seen {
	meta := r.Kind.Meta(live)
	return seen{Key: key, UID: meta.UID, Generation: meta.Generation, Provider: version.Version}
}

// remember keeps the version of an object that the state says everything of, once the operator has computed its part.
func (r *Handler[T, M, P]) remember(ctx context.Context, to keeper, m P, live *T, diags *diag.Diagnostics) {
	value, err := json.Marshal(r.seenOf(m.Key(), live))
	if err != nil {
		diags.AddError("The version of "+r.object(m).String()+" cannot be kept", err.Error())
		return
	}
	diags.Append(to.SetKey(ctx, seenKey, value)...)
}

// declares tells whether an object holds what a plan declares, word for word: admission may have written it otherwise.
func declares[T any, P Model[T]](plan, absorbed P, live *T) bool {
	absorbed.Absorb(live)
	return reflect.DeepEqual(plan.Declare(), absorbed.Declare())
}

// unchanged returns the live object where it is still the version that the state was made of, and nil where the state has to
// be made anew. Most objects have not changed at a plan, and unpacking a state costs the most of reading it.
func (r *Handler[T, M, P]) unchanged(ctx context.Context, from private, store *kube.Store[T]) (live *T, key string) {
	value, diags := from.GetKey(ctx, seenKey)
	var was seen
	if diags.HasError() || json.Unmarshal(value, &was) != nil {
		return nil, ""
	}
	live, err := store.Read(ctx, was.Key)
	if err != nil || r.seenOf(was.Key, live) != was {
		return nil, ""
	}
	return live, was.Key
}
