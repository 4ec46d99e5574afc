package provider_test

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestWhatHasNotChangedIsNotReadAgain: a state that the provider made of a version of the object is returned as it came, and
// one made of another version, or of none that is known, is made anew.
func TestWhatHasNotChangedIsNotReadAgain(t *testing.T) {
	s := connected(t)
	made := s.create(workspaceKind, team("seen"))
	defer remove(t, "workspaces", "seen")
	// A state that is not of this object tells whether it was made anew.
	marked := made
	marked.value = with(t, made.value, "cost_center", "a mark")
	// The first object that a run reads brings the LIST that the others are looked up in.
	read := func(o object) object {
		t.Helper()
		run := connected(t)
		run.read(made)
		return run.read(o)
	}
	again := func(what string, o object) object {
		t.Helper()
		out := read(o)
		if out.text(t, "cost_center") == "a mark" {
			t.Errorf("%s: the state was left as it was", what)
		}
		return out
	}
	if got := read(marked); !got.value.Equal(marked.value) {
		t.Error("the state of an object that has not changed was made anew")
	}
	lost := marked
	lost.private = nil
	fresh := again("nothing is known of the version", lost)
	fresh.value = marked.value
	if got := read(fresh); !got.value.Equal(marked.value) {
		t.Error("reading does not remember the version")
	}
	nameless := marked
	nameless.identity = nil
	if got := read(nameless); !got.value.Equal(marked.value) || !reflect.DeepEqual(got.identity, made.identity) {
		t.Errorf("for a client that knew no identity the state is %s, of %v", got.value, got.identity)
	}
	kubectlEdit(t, "workspaces", "seen", `{"metadata":{"labels":{"of":"no-concern"}}}`)
	if got := read(marked); !got.value.Equal(marked.value) {
		t.Error("a label made the state anew")
	}
	kubectlEdit(t, "workspaces", "seen", `{"spec":{"owner":"mallory"}}`)
	if got := again("the owner was changed", marked); got.text(t, "owner") != "mallory" {
		t.Errorf("the owner is %s", got.text(t, "owner"))
	}
	kubectlEdit(t, "workspaces", "seen", `{"spec":{"owner":"`+made.text(t, "owner")+`"}}`)
	again("the owner was changed back", marked)

	remove(t, "workspaces", "seen")
	connected(t).create(workspaceKind, team("seen"))
	again("another object has the name", marked)
}

// with is a value with another text in one attribute.
func with(t *testing.T, value tftypes.Value, name, text string) tftypes.Value {
	t.Helper()
	out, err := tftypes.Transform(value, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if at.Equal(tftypes.NewAttributePath().WithAttributeName(name)) {
			return tftypes.NewValue(tftypes.String, text), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
