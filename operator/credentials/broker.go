// Package credentials hands people's servers and runs what opens the data that is granted to the person, never for longer than it is
// granted: short-lived keys of the object store, or the lease of AWS that is to be taken on.
//
// A pod asks with the token of its ServiceAccount, which Kubernetes made for this one audience and which ends with the pod. What
// is opened is not decided here: whoever enforces grants compares each request with their windows.
package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/podtoken"
)

const (
	// Audience is that of the tokens with which pods ask.
	Audience = "atoll.dev/data"
	// Life is the longest that credentials are good for before they are asked for again.
	Life = time.Hour
)

// ErrNothingGranted says that nothing is granted to a person at the moment.
var ErrNothingGranted = errors.New("nothing is granted to you at the moment")

// Giver has what a person is handed, who is named by the part of names that is theirs, see person.Slug. The error is
// ErrNothingGranted where that is nothing.
type Giver interface {
	Give(ctx context.Context, slug string) (Given, error)
}

// Given is what is handed out, as JSON.
type Given interface {
	// Trace is what the log says of it, in keys and values, without what is secret.
	Trace() []any
}

// Broker answers pods.
type Broker struct {
	// Client asks the API server whose a token is.
	Client client.Client
	// Givers by the paths where they are asked.
	Givers map[string]Giver
	Log    logr.Logger
}

// ServeHTTP answers GET of a giver's path with what it gives, 401 to who shows no good token, 403 where nothing is granted, and 503
// where the giver or the API server cannot be asked.
func (b *Broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	giver, known := b.Givers[r.URL.Path]
	if !known || r.Method != http.MethodGet {
		http.Error(w, "ask with GET "+strings.Join(slices.Sorted(maps.Keys(b.Givers)), " or "), http.StatusNotFound)
		return
	}
	slug, pod, err := b.who(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		b.Log.Error(err, "asking whose a token is")
		http.Error(w, "the platform cannot tell at the moment whose this token is; try again", http.StatusServiceUnavailable)
		return
	}
	if slug == "" {
		http.Error(w, "this is no token of a person's server or run for the audience "+Audience, http.StatusUnauthorized)
		return
	}
	given, err := giver.Give(r.Context(), slug)
	switch {
	case errors.Is(err, ErrNothingGranted):
		http.Error(w, "Nothing is granted to you at the moment. Ask the owner of the data for a grant.", http.StatusForbidden)
		return
	case err != nil:
		b.Log.Error(err, "making credentials", "person", slug, "pod", pod, "path", r.URL.Path)
		http.Error(w, "the platform cannot give credentials at the moment; try again", http.StatusServiceUnavailable)
		return
	}
	b.Log.Info("credentials given", append([]any{"person", slug, "pod", pod}, given.Trace()...)...)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(given) // a pod that went away needs no answer
}

// who reads the person and the pod off a token; the person is empty where it is not one of a person's pod.
func (b *Broker) who(ctx context.Context, header string) (slug, pod string, err error) {
	asks, err := podtoken.Of(ctx, b.Client, Audience, header)
	if err != nil || asks == nil || !strings.HasPrefix(asks.Namespace, v1alpha1.WorkspaceNamespacePrefix) {
		return "", "", err
	}
	slug, ok := strings.CutPrefix(asks.ServiceAccount, person.ServiceAccountPrefix)
	if !ok {
		return "", "", nil
	}
	return slug, asks.Name, nil
}
