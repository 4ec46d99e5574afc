package policy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// reads says whether ada may read the table people.
func (w *world) reads(t testing.TB) bool {
	t.Helper()
	_, got := w.ask(t, policy.PathAllow, recorded(t, "SelectFromColumns", "ada"))
	return got == yes
}

// delta is the push that leads from some atoms to others.
func delta(before, after []grant.Atom, remove ...string) policy.Push {
	push := whole(policy.Push{}, after)
	push.Base, push.Tables = whole(policy.Push{}, before).Digest, nil
	for _, name := range remove {
		delete(push.Set, name)
	}
	push.Remove = remove
	return push
}

func TestDeltas(t *testing.T) {
	w := newWorld(t)
	a, b, longer := atom("a"), atom("b"), atom("a", until(end.Add(time.Hour)))
	bob := atom("c", to(grant.User, "bob"))
	w.push(t, policy.Push{}, a)
	steps := []struct {
		name  string
		push  policy.Push
		reads bool
	}{
		{"another grant", delta([]grant.Atom{a}, []grant.Atom{a, b}), true},
		{"one less", delta([]grant.Atom{a, b}, []grant.Atom{b}), true},
		{"another person", delta([]grant.Atom{b}, []grant.Atom{b, bob}), true},
		{"one who was not there removed", delta([]grant.Atom{b, bob}, []grant.Atom{b, bob}, "zoe"), true},
		{"removed", delta([]grant.Atom{b, bob}, []grant.Atom{bob}, "ada"), false},
		{"one again", delta([]grant.Atom{bob}, []grant.Atom{a, bob}), true},
		{"longer", delta([]grant.Atom{a, bob}, []grant.Atom{longer, bob}), true},
		{"confirmed", policy.Push{Base: whole(policy.Push{}, []grant.Atom{longer, bob}).Digest, Digest: whole(policy.Push{}, []grant.Atom{longer, bob}).Digest}, true},
	}
	for _, s := range steps {
		if _, err := w.Push(s.push); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if got := w.reads(t); got != s.reads {
			t.Errorf("%s: ada reads: %t", s.name, got)
		}
		before := w.Live()
		w.open(t)
		if diff := cmp.Diff(before, w.Live()); diff != "" {
			t.Errorf("%s: a restart changes what there is:\n%s", s.name, diff)
		}
		if got := w.reads(t); got != s.reads {
			t.Errorf("%s, and started again: ada reads: %t", s.name, got)
		}
	}
	w.clock.set(end.Add(time.Minute))
	if !w.reads(t) {
		t.Error("the longer window does not count")
	}
}

func TestPushesThatFailChangeNothing(t *testing.T) {
	w := newWorld(t)
	a := atom("a")
	w.push(t, policy.Push{}, a)
	good := map[string][]grant.Atom{"ada": {atom("b")}}
	bad := func(changes ...change) map[string][]grant.Atom {
		return map[string][]grant.Atom{"ada": {atom("b", changes...)}}
	}
	for name, tt := range map[string]struct {
		push policy.Push
		want string
	}{
		"another base":           {policy.Push{Base: "sha256:0", Digest: "sha256:1", Set: good}, "another snapshot"},
		"another digest":         {policy.Push{Base: w.Status().Digest, Digest: "sha256:1", Set: good}, "the push leads to the digest"},
		"a removal of it":        {policy.Push{Base: w.Status().Digest, Digest: "sha256:1", Remove: []string{"ada"}}, "the push leads to the digest"},
		"other tables":           {policy.Push{Base: w.Status().Digest, Digest: "sha256:1", Tables: &[]policy.Conflicting{{Table: people}}}, "the push leads to the digest"},
		"another digest, of all": {policy.Push{Digest: "sha256:1", Set: good}, "the push leads to the digest"},
		"an empty window":        {policy.Push{Digest: "x", Set: bad(until(begin))}, "holds no time"},
		"a year too far":         {policy.Push{Digest: "x", Set: bad(until(time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)))}, "holds no time"},
		"no window":              {policy.Push{Digest: "x", Set: bad(func(a *grant.Atom) { a.Window = grant.Window{} })}, "holds no time"},
		"objects":                {policy.Push{Digest: "x", Set: bad(func(a *grant.Atom) { a.Selector = grant.Selector{Objects: &grant.Objects{Bucket: "b"}} })}, "no part of a table"},
		"an action of objects":   {policy.Push{Digest: "x", Set: bad(action(grant.Read))}, "those of tables"},
		"columns to change":      {policy.Push{Digest: "x", Set: bad(action(grant.Update), columns("name"))}, "whole rows"},
		"no catalog":             {policy.Push{Digest: "x", Set: bad(of(grant.Table{Schema: "s", Table: "t"}))}, "lacks a catalog"},
		"nobody":                 {policy.Push{Digest: "x", Set: bad(to(grant.User, ""))}, "its subject"},
		"a name in capitals":     {policy.Push{Digest: "x", Set: map[string][]grant.Atom{"Ada": {atom("b")}}}, "lower case"},
		"no name":                {policy.Push{Digest: "x", Set: map[string][]grant.Atom{"": {atom("b")}}}, "lower case"},
		"an unknown mask":        {policy.Push{Digest: "x", Set: bad(masked("name", "Blur"))}, "Hash, Redact and Null are known"},
		"an unknown subject":     {policy.Push{Digest: "x", Set: bad(to("Everyone", "x"))}, "its subject"},
		"no grant":               {policy.Push{Digest: "x", Set: map[string][]grant.Atom{"ada": {atom("")}}}, "it names no grant"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.Live()
			if _, err := w.Push(tt.push); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(before, w.Live()); diff != "" || !w.reads(t) {
				t.Errorf("something has changed, ada reads: %t\n%s", w.reads(t), diff)
			}
		})
	}
	if _, err := w.Push(policy.Push{Base: "sha256:0"}); !errors.Is(err, policy.ErrBase) {
		t.Errorf("error is %v, want ErrBase", err)
	}
}

func TestDamageOnDiskDenies(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"cut short":           func(b []byte) []byte { return b[:len(b)/2] },
		"a line less":         func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] },
		"another end":         func(b []byte) []byte { return bytes.Replace(b, []byte("T09:00"), []byte("T19:00"), 1) },
		"a time that is none": func(b []byte) []byte { return bytes.Replace(b, []byte("T09:00"), []byte("T29:00"), 1) },
		"another person":      func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"ada"`), []byte(`"eve"`)) },
		"another format":      func(b []byte) []byte { return bytes.Replace(b, []byte(`"format":1`), []byte(`"format":2`), 1) },
		"nothing":             func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.push(t, policy.Push{}, atom("a"), atom("b", to(grant.User, "bob")))
			file := filepath.Join(w.options.Folder, "snapshot.jsonl")
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			damaged := damage(raw)
			if bytes.Equal(raw, damaged) {
				t.Fatal("nothing is damaged")
			}
			if err := os.WriteFile(file, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			point, err := policy.Open(w.options)
			if err == nil {
				t.Error("it is read without an error")
			}
			if got := point.Allow(input(t, recorded(t, "SelectFromColumns", "ada"))); got.Allowed {
				t.Error("ada still reads")
			}
		})
	}
}

func TestStaleDenies(t *testing.T) {
	w := newWorld(t)
	day := 24 * time.Hour
	a := atom("a", until(end.Add(30*day)))
	if w.reads(t) {
		t.Error("ada reads before anything was pushed")
	}
	w.push(t, policy.Push{}, a)
	at := func(after time.Duration, want bool) {
		t.Helper()
		w.clock.set(begin.Add(after))
		if got := w.reads(t); got != want {
			t.Errorf("%s after the push ada reads: %t", after, got)
		}
	}
	at(day-1, true)
	w.open(t)
	at(day-1, true)
	at(day, false)
	w.open(t)
	at(day, false)
	for request, want := range map[string]string{
		"GetRowFilters": `{"result":[{"expression":"false","identity":"atoll:policy"}]}`,
		"FilterTables":  `{"result":[]}`, "FilterColumns": `{"result":[]}`, "FilterCatalogs": `{"result":[]}`,
		"AccessCatalog": no, "ExecuteQuery": yes,
	} {
		path := map[bool]string{true: policy.PathFilter, false: policy.PathAllow}[strings.HasPrefix(request, "Filter")]
		if request == "GetRowFilters" {
			path = policy.PathRowFilters
		}
		if _, got := w.ask(t, path, recorded(t, request, "ada")); got != want {
			t.Errorf("%s: answered %s, want %s", request, got, want)
		}
	}
	if masks, _ := w.ColumnMasks(input(t, recorded(t, "GetColumnMask", "ada"))); len(masks) != 3 {
		t.Errorf("masks are %v, want one for each column", masks)
	}
	confirm := policy.Push{Base: w.Status().Digest, Digest: w.Status().Digest}
	if _, err := w.Push(confirm); err != nil {
		t.Fatal(err)
	}
	at(2*day-1, true)
	// A clock that goes back makes the confirmation one from the future.
	at(-day, false)
}

func TestConflicts(t *testing.T) {
	orders := grant.Table{Catalog: "memory", Schema: "default", Table: "orders"}
	neutral := grant.Table{Catalog: "memory", Schema: "default", Table: "neutral"}
	read := func(w *world, person, query string, table grant.Table) bool {
		in := request(t, grant.Request{Person: person, Action: grant.Select, Table: &table})
		in.Context.QueryID = query
		return w.Allow(in).Allowed
	}
	fresh := func(t *testing.T) *world {
		w := newWorld(t)
		side := func(side string) []policy.Side { return []policy.Side{{Class: "merger", Side: side}} }
		w.push(t, policy.Push{Tables: &[]policy.Conflicting{{Table: people, Sides: side("buyer")}, {Table: orders, Sides: side("seller")}}},
			atom("a"), atom("b", of(orders)), atom("c", of(neutral)), atom("d", to(grant.User, "bob")), atom("e", to(grant.User, "bob"), of(orders)))
		if read(w, "ada", "q0", people) {
			t.Error("data in a conflict class is read right after a start, when a query may have read the other side before")
		}
		if !read(w, "ada", "q0", neutral) {
			t.Error("data in no conflict class is not read after a start")
		}
		w.clock.set(begin.Add(2 * time.Minute))
		return w
	}
	type step struct {
		person, query string
		table         grant.Table
		after         time.Duration
		want          bool
	}
	for name, steps := range map[string][]step{
		"under one query id":       {{"ada", "q1", people, 0, true}, {"ada", "q1", people, 0, true}, {"ada", "q1", orders, 0, false}, {"ada", "q1", people, 0, true}},
		"under two query ids":      {{"ada", "q1", people, 0, true}, {"ada", "q2", orders, 0, true}, {"ada", "q1", orders, 0, false}, {"ada", "q2", people, 0, false}},
		"without query ids":        {{"ada", "", people, 0, true}, {"ada", "", orders, 0, false}, {"bob", "", orders, 0, true}, {"bob", "", people, 0, false}},
		"after a while":            {{"ada", "", people, 0, true}, {"ada", "", orders, time.Minute - 1, false}, {"ada", "", orders, 1, true}, {"ada", "", people, 0, false}},
		"a while that begins anew": {{"ada", "", people, 0, true}, {"ada", "", people, 40 * time.Second, true}, {"ada", "", orders, 40 * time.Second, false}},
		"with data in none":        {{"ada", "q1", people, 0, true}, {"ada", "q1", neutral, 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			for i, s := range steps {
				w.clock.set(w.clock.now().Add(s.after))
				if got := read(w, s.person, s.query, s.table); got != s.want {
					t.Errorf("step %d: %s reads %s: %t", i, s.person, s.table, got)
				}
			}
		})
	}
}
