package apply

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, s string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		t.Fatalf("decoding %s: %v", s, err)
	}
	return out
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		name, live, want string
		covered          bool
	}{
		{"equal", `{"spec":{"a":1}}`, `{"spec":{"a":1}}`, true},
		{"others may add fields", `{"spec":{"a":1,"b":2}}`, `{"spec":{"a":1}}`, true},
		{"a changed value", `{"spec":{"a":2}}`, `{"spec":{"a":1}}`, false},
		{"a missing field", `{"spec":{}}`, `{"spec":{"a":1}}`, false},
		{"a longer list", `{"spec":{"a":["x","y"]}}`, `{"spec":{"a":["x"]}}`, false},
		{"a list in another order", `{"spec":{"a":["y","x"]}}`, `{"spec":{"a":["x","y"]}}`, false},
		{"an empty list left out", `{"spec":{}}`, `{"spec":{"a":[]}}`, true},
		{"an empty map left out", `{}`, `{"spec":{}}`, true},
		{"a kind that a cache leaves out", `{"spec":{"a":1}}`, `{"kind":"X","spec":{"a":1}}`, true},
		{"a map in place of a value", `{"spec":{"a":{}}}`, `{"spec":{"a":1}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := covers(decode(t, tt.live), decode(t, tt.want)); got != tt.covered {
				t.Errorf("covers(%s, %s) = %v, want %v", tt.live, tt.want, got, tt.covered)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	live := `{"metadata":{"labels":{"x":"y"}},"status":{"a":1},"spec":{"podSelector":{},"ingress":[{}],"hard":{"a":"1","b":"2"}}}`
	want := `{"metadata":{},"spec":{"podSelector":{},"hard":{"a":"1"}}}`
	got := foreign(body(decode(t, live)), body(decode(t, want)))
	if diff := cmp.Diff(decode(t, `{"spec":{"ingress":null,"hard":{"b":null}}}`), got); diff != "" {
		t.Errorf("what others added (-want +got):\n%s", diff)
	}
}
