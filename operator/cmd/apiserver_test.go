package cmd

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
)

func TestTheOperatorWaitsForTheAPIServer(t *testing.T) {
	for name, status := range map[string]int{"until it is ready": http.StatusOK, "no longer than for an answer": http.StatusForbidden} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path != "/readyz":
					t.Errorf("it asks for %s", r.URL.Path)
				case asked.Add(1) == 1:
					http.Error(w, "[-]etcd failed", http.StatusInternalServerError)
				default:
					w.WriteHeader(status)
				}
			}))
			defer api.Close()
			if err := awaitAPIServer(t.Context(), &rest.Config{Host: api.URL}, logr.Discard()); err != nil {
				t.Fatal(err)
			}
			if n := asked.Load(); n != 2 {
				t.Errorf("it went on after %d answers, want the second", n)
			}
		})
	}
	t.Run("until it is told to end", func(t *testing.T) {
		t.Parallel()
		dead := httptest.NewServer(http.NotFoundHandler())
		dead.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if err := awaitAPIServer(ctx, &rest.Config{Host: dead.URL}, logr.Discard()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want that of its context", err)
		}
	})
}
