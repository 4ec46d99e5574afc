package component

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func graph(edges ...string) []Component {
	var out []Component
	for _, e := range edges {
		name, needs, _ := strings.Cut(e, "<-")
		out = append(out, Component{Name: name, Needs: strings.FieldsFunc(needs, func(r rune) bool { return r == ',' })})
	}
	return out
}

func names(list []Component) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return out
}

func TestOrder(t *testing.T) {
	tests := map[string]struct {
		list    []Component
		want    []string
		wantErr string
	}{
		"needs come first":         {list: graph("hub<-identity,operator", "identity", "operator"), want: []string{"identity", "operator", "hub"}},
		"as given where free":      {list: graph("b", "a", "c"), want: []string{"b", "a", "c"}},
		"a chain":                  {list: graph("c<-b", "b<-a", "a"), want: []string{"a", "b", "c"}},
		"a circle":                 {list: graph("a<-b", "b<-a", "c"), wantErr: "a, b need each other in a circle"},
		"a need of itself":         {list: graph("a<-a"), wantErr: "a need each other in a circle"},
		"a need that is not there": {list: graph("a<-x"), wantErr: "a needs x, which does not exist"},
		"the same name twice":      {list: graph("a", "a"), wantErr: "two named a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Order(tt.list)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error is %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, names(got)); diff != "" {
				t.Errorf("order differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCatalogHasAnOrder(t *testing.T) {
	got, err := Order(Catalog)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(names(got), name) }
	if at("hub") < at("identity") || at("hub") < at("operator") {
		t.Errorf("hub comes before what it needs: %v", names(got))
	}
	for _, c := range Catalog {
		if !slices.Contains(Subclusters, c.Subcluster) {
			t.Errorf("component %s is in no subcluster: %q", c.Name, c.Subcluster)
		}
	}
}

func TestRunWaitsForNeeds(t *testing.T) {
	var mu sync.Mutex
	var done []string
	err := Run(t.Context(), graph("d<-b,c", "b<-a", "c<-a", "a"), 4, func(_ context.Context, c Component) error {
		mu.Lock()
		defer mu.Unlock()
		for _, need := range c.Needs {
			if !slices.Contains(done, need) {
				t.Errorf("%s began before %s was done", c.Name, need)
			}
		}
		done = append(done, c.Name)
		return nil
	})
	if err != nil || len(done) != 4 {
		t.Errorf("done %v, error %v", done, err)
	}
}

func TestRunBoundsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		started := time.Now()
		err := Run(t.Context(), graph("a", "b", "c", "d", "e", "f"), 2, func(context.Context, Component) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second) // of the bubble's clock, which moves when nobody can
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		})
		if err != nil || most != 2 {
			t.Errorf("%d ran at once, error %v", most, err)
		}
		if took := time.Since(started); took != 3*time.Second {
			t.Errorf("six that take a second each took %s, two at a time", took)
		}
	})
}

func TestRunGoesOnBesideAFailure(t *testing.T) {
	broken := errors.New("broken")
	var mu sync.Mutex
	var done []string
	err := Run(t.Context(), graph("a", "b<-a", "c<-b", "d"), 4, func(_ context.Context, c Component) error {
		if c.Name == "a" {
			return broken
		}
		mu.Lock()
		defer mu.Unlock()
		done = append(done, c.Name)
		return nil
	})
	if !errors.Is(err, broken) || !errors.Is(err, ErrSkipped) {
		t.Errorf("error is %v", err)
	}
	for _, want := range []string{"component b: not begun, since it needs a", "component c: not begun, since it needs b"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if diff := cmp.Diff([]string{"d"}, done); diff != "" {
		t.Errorf("done differs (-want +got):\n%s", diff)
	}
}

func TestRunBeginsNothingAfterCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, graph("a", "b<-a"), 1, func(context.Context, Component) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
