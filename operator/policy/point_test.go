package policy_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

var (
	begin  = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	end    = begin.Add(time.Hour)
	people = grant.Table{Catalog: "memory", Schema: "default", Table: "people"}
)

// clock is a clock that a test sets.
type clock struct{ at atomic.Int64 }

func (c *clock) set(at time.Time) { c.at.Store(at.UnixNano()) }
func (c *clock) now() time.Time   { return time.Unix(0, c.at.Load()).UTC() }

// world is a decision point with a clock.
type world struct {
	*policy.Point
	clock   *clock
	options policy.Options
	server  http.Handler
}

func newWorld(t testing.TB) *world {
	t.Helper()
	c := &clock{}
	c.set(begin)
	w := &world{clock: c, options: policy.Options{
		Folder: t.TempDir(), StaleAfter: 24 * time.Hour, Hold: time.Minute, Administrators: []string{"steward"},
		Watcher: "atoll:metrics", Now: c.now,
	}}
	w.open(t)
	return w
}

// open starts the decision point anew upon what is on disk.
func (w *world) open(t testing.TB) {
	t.Helper()
	point, err := policy.Open(w.options)
	if err != nil {
		t.Fatal(err)
	}
	w.Point, w.server = point, policy.Handler(point, zap.NewNop())
}

// push gives the decision point exactly these atoms.
func (w *world) push(t testing.TB, all policy.Push, atoms ...grant.Atom) {
	t.Helper()
	if _, err := w.Push(whole(all, atoms)); err != nil {
		t.Fatal(err)
	}
}

// whole is the push of exactly these atoms, each for the user that is its subject.
func whole(all policy.Push, atoms []grant.Atom) policy.Push {
	all.Set = map[string][]grant.Atom{}
	for _, a := range atoms {
		name := strings.ToLower(a.Subject.Name)
		all.Set[name] = append(all.Set[name], a)
	}
	return digested(all)
}

// digested is a push of everything with the digest that it leads to.
func digested(all policy.Push) policy.Push {
	digests := map[string]string{}
	for name, atoms := range all.Set {
		digests[name] = grant.Digest(atoms)
	}
	if all.Tables == nil {
		all.Tables = &[]policy.Conflicting{}
	}
	all.Digest = policy.Digest(digests, *all.Tables)
	return all
}

// ask sends a body and returns the status and what was answered.
func (w *world) ask(t testing.TB, path, body string) (int, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
	return rec.Code, strings.TrimSpace(rec.Body.String())
}

// recorded is a request that Trino 476 has sent, with another person where one is given.
func recorded(t testing.TB, name, person string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "requests", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	// Each of them is asked by ada or by bob.
	for _, asker := range []string{"ada", "bob"} {
		if person != "" && asker != person {
			raw = bytes.Replace(raw, []byte(`"identity": {
        "user": "`+asker+`"`), []byte(`"identity": {
        "user": "`+person+`"`), 1)
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

type change func(*grant.Atom)

// atom lets ada select all of the table people for an hour, unless something is changed.
func atom(name string, changes ...change) grant.Atom {
	a := grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Select, Grant: name,
		Selector: grant.Selector{Part: &grant.Part{Table: people}}, Window: grant.Window{From: begin, Until: end},
	}
	for _, change := range changes {
		change(&a)
	}
	return a
}

func columns(names ...string) change { return func(a *grant.Atom) { a.Selector.Part.Columns = names } }

func to(kind grant.SubjectKind, name string) change {
	return func(a *grant.Atom) { a.Subject = grant.Subject{Kind: kind, Name: name} }
}
func action(action grant.Action) change { return func(a *grant.Atom) { a.Action = action } }
func of(table grant.Table) change       { return func(a *grant.Atom) { a.Selector.Part.Table = table } }

func rows(column string, values ...string) change {
	return func(a *grant.Atom) {
		a.Selector.Part.Rows = append(a.Selector.Part.Rows, grant.Condition{Column: column, Values: values})
	}
}

func masked(column string, mask grant.Mask) change {
	return func(a *grant.Atom) {
		if a.Selector.Part.Masks == nil {
			a.Selector.Part.Masks = map[string]grant.Mask{}
		}
		a.Selector.Part.Masks[column] = mask
	}
}
func until(at time.Time) change { return func(a *grant.Atom) { a.Window.Until = at } }
