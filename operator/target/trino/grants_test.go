package trino_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/trino"
)

var (
	_ target.Target = (*trino.Grants)(nil)
	// begun is when the test began, the same for all atoms.
	begun = time.Now().UTC().Truncate(time.Second)
	table = grant.Table{Catalog: "memory", Schema: "default", Table: "people"}
)

// place is a real decision point behind TLS.
type place struct {
	point   atomic.Pointer[policy.Point]
	options policy.Options
	client  *trino.Client
	grants  *trino.Grants
	tables  []policy.Conflicting
	// requests counts, and failures are how many of the next are not answered.
	requests, failures atomic.Int64
}

func start(t *testing.T) *place {
	t.Helper()
	folder := t.TempDir()
	token := filepath.Join(folder, "token")
	authority := filepath.Join(folder, "ca.crt")
	p := &place{options: policy.Options{StaleAfter: time.Hour, Hold: time.Minute, Now: time.Now}}
	p.lose(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		if p.failures.Add(-1) >= 0 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		policy.Admin(p.point.Load(), token, zap.NewNop()).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, content := range map[string][]byte{token: []byte("secret\n"), authority: certificate} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.client = trino.New(trino.Options{Endpoint: server.URL, Authority: authority, Token: token})
	p.anew()
	return p
}

// anew is the operator started again.
func (p *place) anew() {
	p.grants = trino.NewGrants(p.client, func(context.Context) ([]policy.Conflicting, error) { return p.tables, nil })
}

// lose is the decision point started upon an empty disk.
func (p *place) lose(t *testing.T) {
	t.Helper()
	p.options.Folder = t.TempDir()
	point, err := policy.Open(p.options)
	if err != nil {
		t.Fatal(err)
	}
	p.point.Store(point)
}

func (p *place) reads(person string) bool {
	return p.point.Load().Allow(policy.Input{
		Context: policy.Context{Identity: policy.Identity{User: person}},
		Action: policy.Action{Operation: "SelectFromColumns", Resource: &policy.Resource{Table: &policy.Table{
			Catalog: table.Catalog, Schema: table.Schema, Table: table.Table, Columns: []string{"name"},
		}}},
	}).Allowed
}

func atom(name string, changes ...func(*grant.Atom)) grant.Atom {
	a := grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Select, Grant: name,
		Selector: grant.Selector{Part: &grant.Part{Table: table}},
		Window:   grant.Window{From: begun.Add(-time.Minute), Until: begun.Add(time.Hour)},
	}
	for _, change := range changes {
		change(&a)
	}
	return a
}

func (p *place) sync(t *testing.T, access target.Access) {
	t.Helper()
	if err := p.grants.Sync(t.Context(), access); err != nil {
		t.Fatal(err)
	}
}

func TestSync(t *testing.T) {
	p := start(t)
	want := func(step string, people map[string]bool) {
		t.Helper()
		for person, reads := range people {
			if got := p.reads(person); got != reads {
				t.Errorf("%s: %s reads: %t", step, person, got)
			}
		}
	}
	objects := atom("o", func(a *grant.Atom) {
		a.Action, a.Selector = grant.Read, grant.Selector{Objects: &grant.Objects{Bucket: "b"}}
	})
	p.sync(t, target.Access{"ada": {atom("a"), objects}, "bob": {atom("b")}, "cyd": {objects}, "dan": nil})
	want("granted", map[string]bool{"ada": true, "bob": true, "cyd": false, "dan": false})
	if got := p.point.Load().Status(); got.People != 2 || got.Atoms != 2 {
		t.Errorf("the decision point has %+v, and objects are none of its business", got)
	}
	p.tables = []policy.Conflicting{} // the same as none
	p.sync(t, target.Access{"ada": nil})
	want("revoked", map[string]bool{"ada": false, "bob": true})
	p.anew()
	p.sync(t, target.Access{"ada": {atom("a")}})
	want("operator started again", map[string]bool{"ada": true, "bob": true})
	p.lose(t)
	want("decision point without its disk", map[string]bool{"ada": false, "bob": false})
	p.sync(t, target.Access{"cyd": {atom("c")}})
	want("given everything", map[string]bool{"ada": true, "bob": true, "cyd": true})
	p.tables = []policy.Conflicting{{Table: table, Sides: []policy.Side{{Class: "merger", Side: "buyer"}}}}
	p.sync(t, nil)
	want("in a conflict class, after a start", map[string]bool{"ada": false})
}

func TestConfirmations(t *testing.T) {
	p := start(t)
	p.sync(t, target.Access{"ada": {atom("a")}})
	before := p.point.Load().Status()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.grants.Run(ctx, time.Millisecond) }()
	for p.requests.Load() < 5 {
		time.Sleep(time.Millisecond) // the requests are made by the other goroutine
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	after := p.point.Load().Status()
	if !after.Confirmed.After(before.Confirmed) || after.Digest != before.Digest {
		t.Errorf("confirmed %+v, before %+v", after, before)
	}
}

func TestFailures(t *testing.T) {
	p := start(t)
	p.failures.Store(2)
	p.sync(t, target.Access{"ada": {atom("a")}})
	if !p.reads("ada") {
		t.Error("ada does not read after two failures")
	}
	p.failures.Store(100)
	if err := p.grants.Sync(t.Context(), target.Access{"ada": nil}); err == nil || !strings.Contains(err.Error(), "not now") {
		t.Errorf("error is %v, want what the decision point said", err)
	}
	p.failures.Store(0)
	p.sync(t, target.Access{"ada": nil})
	if p.reads("ada") {
		t.Error("ada reads, and is granted nothing")
	}
	p.grants = trino.NewGrants(p.client, func(context.Context) ([]policy.Conflicting, error) { return nil, errors.New("no datasets") })
	if err := p.grants.Sync(t.Context(), nil); err == nil {
		t.Error("nobody knows what lies in conflict classes, and the sync succeeds")
	}
}

func TestWhatHasNoWordsIsRefused(t *testing.T) {
	p := start(t)
	for name, change := range map[string]func(*grant.Atom){
		"a mask that is not known": func(a *grant.Atom) { a.Selector.Part.Masks = map[string]grant.Mask{"name": "Blur"} },
		"an update of columns":     func(a *grant.Atom) { a.Action, a.Selector.Part.Columns = grant.Update, []string{"name"} },
		"a table without a schema": func(a *grant.Atom) { a.Selector.Part.Table.Schema = "" },
	} {
		access := target.Access{"ada": {atom("a", func(a *grant.Atom) {
			part := *a.Selector.Part
			a.Selector.Part = &part
			change(a)
		})}}
		if err := p.grants.Fits(access); err == nil {
			t.Errorf("%s fits", name)
		}
		if err := p.grants.Sync(t.Context(), access); err == nil || p.reads("ada") {
			t.Errorf("%s is pushed: %v", name, err)
		}
	}
	if n := p.requests.Load(); n != 0 {
		t.Errorf("%d requests were made for what does not fit", n)
	}
}

func TestAuthority(t *testing.T) {
	p := start(t)
	other := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	folder := t.TempDir()
	for name, content := range map[string]string{"empty": "", "no certificate": "hello"} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		c := trino.New(trino.Options{Endpoint: other.URL, Authority: file, Token: file})
		if _, err := c.Live(t.Context()); err == nil || !strings.Contains(err.Error(), "there is none in") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	_ = p
}

// TestGhosts finds all that somebody else pushed, and nothing that is granted.
func TestGhosts(t *testing.T) {
	p := start(t)
	granted := target.Access{"ada": {atom("a"), atom("g", func(a *grant.Atom) { a.Subject = grant.Subject{Kind: grant.Group, Name: "analysts"} })}, "bob": {atom("b")}}
	p.sync(t, granted)
	ghosts := func() []trino.Ghost {
		t.Helper()
		found, err := p.client.Ghosts(t.Context(), granted, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := ghosts(); len(found) != 0 {
		t.Errorf("ghosts where there are none: %+v", found)
	}
	live, err := p.client.Import(t.Context())
	if err != nil || len(live) != 2 {
		t.Fatalf("imported %v, %v", live, err)
	}
	longer := atom("a", func(a *grant.Atom) { a.Window.Until = a.Window.Until.Add(time.Hour) })
	past := atom("p", func(a *grant.Atom) { a.Window.Until = time.Now().Add(-time.Second) })
	live["ada"] = append(live["ada"], longer)
	live["eve"], live["old"] = []grant.Atom{atom("x")}, []grant.Atom{past}
	digests := map[string]string{}
	for name, atoms := range live {
		digests[name] = grant.Digest(atoms)
	}
	if _, err := p.client.Push(t.Context(), policy.Push{Set: live, Digest: policy.Digest(digests, nil), Tables: new([]policy.Conflicting)}); err != nil {
		t.Fatal(err)
	}
	found := ghosts()
	var people []string
	for _, g := range found {
		people = append(people, g.Person)
	}
	if diff := cmp.Diff([]string{"ada", "eve"}, people); diff != "" {
		t.Errorf("ghosts (-want +got):\n%s", diff)
	}
	if a := found[0].Atoms; len(a) != 1 || !a[0].Window.Until.Equal(longer.Window.Until) || a[0].Window.From.Before(atom("a").Window.Until) {
		t.Errorf("of ada's access %+v is beyond what is granted: the hour that was added is wanted", a)
	}
}

// TestNoGapAndNoWidening asks a thousand times a second while grants are changed.
func TestNoGapAndNoWidening(t *testing.T) {
	p := start(t)
	p.sync(t, target.Access{"ada": {atom("a")}})
	stop, done := make(chan struct{}), make(chan struct{})
	var asked, gaps, widenings int
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				asked++
				if !p.reads("ada") {
					gaps++
				}
				if p.reads("eve") {
					widenings++
				}
			}
		}
	}()
	for i := range 50 {
		next := atom("a", func(a *grant.Atom) { a.Window.Until = a.Window.Until.Add(time.Duration(i) * time.Minute) })
		p.sync(t, target.Access{"ada": {next}, "bob": {next}})
		if i%10 == 9 {
			p.anew()
		}
	}
	close(stop)
	<-done
	t.Logf("asked %d times during 50 changes", asked)
	if asked == 0 || gaps > 0 || widenings > 0 {
		t.Errorf("asked %d times: %d gaps, %d widenings", asked, gaps, widenings)
	}
}
