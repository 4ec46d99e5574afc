package managed

import (
	"context"
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

// seenOf is the version of an object, to be kept where the state says everything of it and the operator has computed its part.
func (r *Handler[T, M, P]) seenOf(key string, live *T) seen {
	meta := r.Kind.Meta(live)
	return seen{Key: key, UID: meta.UID, Generation: meta.Generation, Provider: version.Version}
}

// declares tells whether an object holds what a plan declares, word for word: admission may have written it otherwise.
func declares[T any, P Model[T]](plan, absorbed P, live *T) bool {
	absorbed.Absorb(live)
	return reflect.DeepEqual(plan.Declare(), absorbed.Declare())
}

// unchanged returns the live object where it is still the version that the state was made of, and nil where the state has to
// be made anew. Most objects have not changed at a plan, and unpacking a state costs the most of reading it.
func (r *Handler[T, M, P]) unchanged(ctx context.Context, from Private, store *kube.Store[T]) (live *T, key string) {
	var none diag.Diagnostics
	was := Kept[seen](ctx, from, seenKey, &none)
	if none.HasError() {
		return nil, ""
	}
	live, err := store.Read(ctx, was.Key)
	if err != nil || r.seenOf(was.Key, live) != was {
		return nil, ""
	}
	return live, was.Key
}
