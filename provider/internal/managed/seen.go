package managed

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
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

// Unchanging is a resource whose objects tell whether they have changed.
type Unchanging interface {
	// Unchanged returns the key of the object that the private data of a state speaks of, where a read would leave the
	// state as it is and have nothing to say; none where the object has to be read.
	Unchanged(ctx context.Context, connect Connect, private []byte) (key string)
	// IdentityOf is the identity of the object of a key.
	IdentityOf(key string) (tfprotov6.DynamicValue, error)
}

// Unchanged makes no request: where the run has no LIST of the kind yet, whoever reads the object makes it.
func (r *Handler[T, M, P]) Unchanged(ctx context.Context, connect Connect, private []byte) (key string) {
	// This is how the framework writes private data. Should it come to write it otherwise, objects are read.
	var kept map[string][]byte
	var was seen
	if json.Unmarshal(private, &kept) != nil || json.Unmarshal(kept[seenKey], &was) != nil {
		return ""
	}
	client, err := connect(ctx)
	if err != nil {
		return ""
	}
	store := kube.NewStore(client, r.Kind)
	live := store.Listed(was.Key)
	if live == nil || r.seenOf(was.Key, live) != was || !store.IsReady(live) {
		return ""
	}
	return was.Key
}

// IdentityOf is the identity of the object of a key.
func (r *Handler[T, M, P]) IdentityOf(key string) (tfprotov6.DynamicValue, error) {
	parts := map[string]string{"name": key}
	if namespace, name, within := strings.Cut(key, "/"); within {
		parts = map[string]string{"workspace": strings.TrimPrefix(namespace, v1alpha1.WorkspaceNamespacePrefix), "name": name}
	}
	types, values := map[string]tftypes.Type{}, map[string]tftypes.Value{}
	for name, text := range parts {
		types[name], values[name] = tftypes.String, tftypes.NewValue(tftypes.String, text)
	}
	of := tftypes.Object{AttributeTypes: types}
	return tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, values))
}
