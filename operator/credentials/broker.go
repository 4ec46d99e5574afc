// Package credentials hands people's servers and runs short-lived keys of the object store: those of the one account that is the
// person's, never for longer than something is granted to them.
//
// A pod asks with the token of its ServiceAccount, which Kubernetes made for this one audience and which ends with the pod. What
// the key opens is not decided here: the store itself compares each request with the windows in the account's policy.
package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/podtoken"
)

const (
	// Audience is that of the tokens with which pods ask.
	Audience = "atoll.dev/data"
	// Path is where credentials are asked for.
	Path = "/v1/credentials"
	// Life is the longest that credentials are good for before they are asked for again.
	Life = time.Hour
)

// ErrNothingGranted says that nothing is granted to a person at the moment.
var ErrNothingGranted = errors.New("nothing is granted to you at the moment")

// Lease tells until when something is granted at the least: the earliest end among the windows that are open at a time. The
// error is ErrNothingGranted where none is.
type Lease interface {
	Until(ctx context.Context, account string, at time.Time) (time.Time, error)
}

// Broker answers pods.
type Broker struct {
	// Client asks the API server whose a token is.
	Client client.Client
	Lease  Lease
	Keys   *Keys
	// Account names the object store's account of a person by the part of names that is the person's, see person.Slug.
	Account func(slug string) string
	Clock   clock.PassiveClock
	Log     logr.Logger
}

// Answer is what an SDK takes from a process that provides credentials: credential_process of AWS' configuration.
type Answer struct {
	Version         int
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	Expiration      time.Time `json:"Expiration"`
}

// ServeHTTP answers GET Path with an Answer, 401 to who shows no good token, 403 where nothing is granted, and 503 where the
// object store or the API server cannot be asked.
func (b *Broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path != Path || r.Method != http.MethodGet {
		http.Error(w, "ask with GET "+Path, http.StatusNotFound)
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
	answer, err := b.answer(r.Context(), b.Account(slug))
	switch {
	case errors.Is(err, ErrNothingGranted):
		http.Error(w, "Nothing is granted to you at the moment. Ask the owner of the data for a grant.", http.StatusForbidden)
		return
	case err != nil:
		b.Log.Error(err, "making credentials", "person", slug, "pod", pod)
		http.Error(w, "the platform cannot give credentials at the moment; try again", http.StatusServiceUnavailable)
		return
	}
	b.Log.Info("credentials given", "person", slug, "pod", pod, "key", answer.AccessKeyID, "until", answer.Expiration)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // a pod that went away needs no answer
}

func (b *Broker) answer(ctx context.Context, account string) (*Answer, error) {
	now := b.Clock.Now().UTC()
	granted, err := b.Lease.Until(ctx, account, now)
	if err != nil {
		return nil, err
	}
	key, err := b.Keys.Current(ctx, account)
	if err != nil {
		return nil, err
	}
	return &Answer{Version: 1, AccessKeyID: key.ID, SecretAccessKey: key.Secret, Expiration: earliest(now.Add(Life), granted, key.ends())}, nil
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
