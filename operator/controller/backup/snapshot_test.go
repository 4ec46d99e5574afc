package backup

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/internal/backup"
)

func snapshotOf(name string, status map[string]any) unstructured.Unstructured {
	s := backup.NewSnapshot()
	s.SetName(name)
	s.Object["status"] = status
	return *s
}

func TestSurplus(t *testing.T) {
	usable, failed := map[string]any{"readyToUse": true}, map[string]any{"error": map[string]any{"message": "no room"}}
	for _, tt := range []struct {
		name string
		// states of the snapshots, the oldest first: r is ready, f failed.
		states string
		keep   int
		want   []string
	}{
		{"fewer than are kept", "rr", 3, nil},
		{"one too many", "rrr", 2, []string{"0"}},
		{"a failure takes no backup's place", "rrf", 2, nil},
		{"nor do many", "rrffff", 2, []string{"3", "2"}},
		{"a failure goes when a later one is ready", "rfr", 2, []string{"1"}},
		{"nothing but failures", "ffff", 2, []string{"1", "0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []unstructured.Unstructured
			for i, state := range tt.states {
				status := failed
				if state == 'r' {
					status = usable
				}
				all = append(all, snapshotOf(string(rune('0'+i)), status))
			}
			var got []string
			for _, s := range surplus(all, tt.keep) {
				got = append(got, s.GetName())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	failing := snapshotOf("save-ada-1", map[string]any{"error": map[string]any{"message": "no room"}})
	silent := snapshotOf("save-ada-1", nil)
	for _, tt := range []struct {
		name     string
		snapshot unstructured.Unstructured
		waited   time.Duration
		want     string
	}{
		{"an error at first", failing, time.Minute, ""},
		{"an error that stays", failing, 2 * time.Minute, "no room"},
		{"slow storage", silent, 44 * time.Minute, ""},
		{"nobody takes it", silent, 45 * time.Minute, "does the snapshot controller of the cluster run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := refusal(&tt.snapshot, tt.waited); !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("it is refused by %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWaits(t *testing.T) {
	var w waits
	now := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	a, b := types.UID("a"), types.UID("b")
	if got := w.since(a, now); got != 0 {
		t.Errorf("a wait begins with %s", got)
	}
	if got := w.since(a, now.Add(time.Minute)); got != time.Minute {
		t.Errorf("after a minute it is %s", got)
	}
	w.over(a)
	if got := w.since(a, now.Add(2*time.Minute)); got != 0 {
		t.Errorf("one that was over begins anew with %s", got)
	}
	w.since(b, now.Add(48*time.Hour))
	if len(w.began) != 1 {
		t.Errorf("%d waits are remembered; nobody asks for the first any more", len(w.began))
	}
}

func TestOfDriver(t *testing.T) {
	class := func(name, driver, isDefault string) unstructured.Unstructured {
		c := unstructured.Unstructured{Object: map[string]any{"driver": driver}}
		c.SetName(name)
		c.SetAnnotations(map[string]string{"snapshot.storage.kubernetes.io/is-default-class": isDefault})
		return c
	}
	const ours, theirs = "csi.example.com", "csi.example.org"
	for _, tt := range []struct {
		name    string
		classes []unstructured.Unstructured
		want    string
	}{
		{"none at all", nil, ""},
		{"another driver's, by default", []unstructured.Unstructured{class("a", theirs, "true")}, ""},
		{"the first by name", []unstructured.Unstructured{class("b", ours, ""), class("a", ours, "false")}, "a"},
		{"the default", []unstructured.Unstructured{class("a", ours, ""), class("b", ours, "true"), class("0", theirs, "true")}, "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ofDriver(tt.classes, ours); got != tt.want {
				t.Errorf("the class is %q, want %q", got, tt.want)
			}
		})
	}
}
