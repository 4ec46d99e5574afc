package ghost_test

import (
	"context"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"k8s.io/utils/clock"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/trino"
)

var begun = time.Now().UTC().Truncate(time.Second)

func until(hours int) time.Time { return begun.Add(time.Duration(hours) * time.Hour) }

func atom(person, name string, hours int, part grant.Part) grant.Atom {
	part.Table.Catalog, part.Table.Schema = "lake", "risk"
	return grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: person}, Action: grant.Select, Grant: name,
		Selector: grant.Selector{Part: &part}, Window: grant.Window{From: begun.Add(-time.Hour), Until: until(hours)},
	}
}

// decisions is a real decision point behind TLS, with what is in the book.
func decisions(t *testing.T, book *target.Book) (*trino.Client, *ghost.PolicyWatch) {
	t.Helper()
	folder := t.TempDir()
	point, err := policy.Open(policy.Options{Folder: folder, StaleAfter: time.Hour, Hold: time.Minute, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	token, authority := filepath.Join(folder, "token"), filepath.Join(folder, "ca.crt")
	server := httptest.NewTLSServer(policy.Admin(point, token, zap.NewNop()))
	t.Cleanup(server.Close)
	for file, content := range map[string][]byte{
		token: []byte("secret"), authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := trino.New(trino.Options{Endpoint: server.URL, Authority: authority, Token: token})
	grants := trino.NewGrants(client, func(context.Context) ([]policy.Conflicting, error) { return []policy.Conflicting{}, nil })
	if err := grants.Sync(t.Context(), book.Access(book.Everybody(), begun)); err != nil {
		t.Fatal(err)
	}
	return client, ghost.NewPolicyWatch(client, grants, book, ghost.Options{Every: time.Minute, Clock: clock.RealClock{}})
}

// seed gives people access past the operator.
func seed(t *testing.T, client *trino.Client, more ...grant.Atom) {
	t.Helper()
	live, err := client.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range more {
		live.Set[a.Subject.Name] = append(live.Set[a.Subject.Name], a)
	}
	digests := map[string]string{}
	for person, atoms := range live.Set {
		digests[person] = grant.Digest(atoms)
	}
	live.Digest = policy.Digest(digests, *live.Tables)
	if _, err := client.Push(t.Context(), live); err != nil {
		t.Fatal(err)
	}
}

func TestGhostsOfTheDecisionPointAreNamed(t *testing.T) {
	book := target.NewBook()
	payments, cards := grant.Part{Table: grant.Table{Table: "payments"}}, grant.Part{Table: grant.Table{Table: "cards"}, Columns: []string{"region"}}
	book.Put("ada-cards", []grant.Atom{atom("ada", "ada-cards", 2, cards)})
	client, watch := decisions(t, book)
	if _, err := watch.Ghosts(t.Context()); err == nil {
		t.Error("an operator that does not know yet what is granted names ghosts")
	}
	book.SetComplete()
	ask := func() []v1alpha1.GhostAccess {
		t.Helper()
		found, err := watch.Ghosts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := ask(); len(found) != 0 {
		t.Fatalf("ghosts where there are none: %+v", found)
	}
	wider := grant.Part{
		Table: grant.Table{Table: "cards"}, Columns: []string{"number"}, Masks: map[string]grant.Mask{"number": grant.Hash},
		Rows: grant.Rows{{Column: "region", Values: []string{"east"}}},
	}
	seed(t, client, atom("eve", "ghost", 2, payments), atom("ada", "ada-cards", 3, cards), atom("bob", "ghost", 2, wider), atom("old", "ghost", 0, payments))
	want := map[string][]string{
		"eve": {"Select lake.risk.payments until " + string(v1alpha1.At(until(2)))},
		"ada": {"Select lake.risk.cards (region) until " + string(v1alpha1.At(until(3)))},
		"bob": {`Select lake.risk.cards (number) with number as Hash where region in ["east"] until ` + string(v1alpha1.At(until(2)))},
	}
	got := map[string][]string{}
	for _, g := range ask() {
		if g.Target != v1alpha1.TargetTrino {
			t.Errorf("the target is %s", g.Target)
		}
		got[g.Account] = g.Access
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ghosts (-want +got):\n%s", diff)
	}
	if again := ask(); len(again) != len(want) {
		t.Errorf("asking took ghosts away: %+v", again)
	}
	if err := watch.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := ask(); len(found) != 0 {
		t.Errorf("after the look there are still %+v", found)
	}
	live, err := client.Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if delete(live, "old"); len(live) != 1 || grant.Digest(live["ada"]) != grant.Digest(book.Access([]string{"ada"}, begun)["ada"]) {
		t.Errorf("what is granted is not what is left: %+v", live)
	}
}
