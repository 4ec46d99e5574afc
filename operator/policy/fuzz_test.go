package policy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// FuzzRequest sends anything to every path: nothing panics, and nothing is allowed to who has no grant.
func FuzzRequest(f *testing.F) {
	entries, err := os.ReadDir("testdata/requests")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		f.Add(recorded(f, strings.TrimSuffix(e.Name(), ".json"), "mallory"))
	}
	w := newWorld(f)
	w.push(f, policy.Push{}, atom("a"), atom("b", columns("name"), rows("region", "east"), masked("name", grant.Hash)))
	w.clock.set(begin.Add(1))
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{policy.PathAllow, policy.PathFilter, policy.PathRowFilters, policy.PathColumnMasks, policy.PathColumnMask} {
			w.ask(t, path, body)
		}
		in, err := policy.ParseInput([]byte(body))
		if err != nil {
			return
		}
		in.Context.Identity.User = "mallory"
		in.Action.Operation = "SelectFromColumns"
		if in.Action.Resource != nil && in.Action.Resource.Table != nil && in.Action.Resource.Table.Catalog != "system" && w.Allow(in).Allowed {
			t.Errorf("allowed to who has no grant: %s", body)
		}
	})
}

// FuzzPush applies anything: it is refused, or what is read back from the disk is what was pushed.
func FuzzPush(f *testing.F) {
	f.Add(`{"digest":"x","set":{"ada":[{"subject":{"kind":"User","name":"ada"},"action":"Select","grant":"a","selector":{"part":{"table":{"catalog":"c","schema":"s","table":"t"},"columns":["x"],"masks":{"x":"Hash"},"rows":[{"column":"y","values":["1"]}]}},"window":{"from":"2027-03-01T08:00:00Z","until":"2027-03-01T09:00:00+02:00"}}]}}`)
	f.Add(`{"digest":"x","tables":[{"table":{"catalog":"c","schema":"s","table":"t"},"sides":[{"class":"m","side":"b"}]}]}`)
	f.Add(`{"base":"x","digest":"x","remove":["a"]}`)
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, body string) {
		push, err := policy.ParsePush(strings.NewReader(body))
		if err != nil {
			return
		}
		push.Base = ""
		push.Remove = nil
		push = digested(push)
		if _, err := w.Push(push); err != nil {
			return
		}
		w.open(t)
		if got := w.Status().Digest; got != push.Digest {
			t.Errorf("read back as %s, pushed as %s: %s", got, push.Digest, body)
		}
	})
}

// FuzzSnapshot reads anything from the disk: it is refused, or it proves itself.
func FuzzSnapshot(f *testing.F) {
	w := newWorld(f)
	w.push(f, policy.Push{}, atom("a", masked("name", grant.Redact)), atom("b", rows("region", "east")))
	file := filepath.Join(w.options.Folder, "snapshot.jsonl")
	raw, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw))
	good := w.Status().Digest
	f.Fuzz(func(t *testing.T, content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		point, err := policy.Open(w.options)
		if status := point.Status(); status.Digest != good && !status.Stale {
			t.Errorf("read as %v, %v: %q", status, err, content)
		}
	})
}

// FuzzJournal reads any text after a snapshot: what it says is taken in whole pushes that follow one another, or not at all.
func FuzzJournal(f *testing.F) {
	a, b := atom("a"), atom("b", to(grant.User, "bob"))
	first := whole(policy.Push{}, []grant.Atom{a})
	for _, push := range []policy.Push{delta([]grant.Atom{a}, []grant.Atom{a, b}), delta([]grant.Atom{a}, nil, "ada")} {
		line, err := json.Marshal(push)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(append([]byte{'\n'}, line...), '\n'))
		f.Add(line[:len(line)/2])
		f.Add(bytes.Repeat(append(line, '\n'), 2))
	}
	f.Fuzz(func(t *testing.T, journal []byte) {
		w := newWorld(t)
		if _, err := w.Push(first); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.options.Folder, "journal.jsonl"), journal, 0o600); err != nil {
			t.Fatal(err)
		}
		point, err := policy.Open(w.options)
		got := point.Status()
		if err != nil && (got.Atoms != 0 || !got.Stale) {
			t.Errorf("a journal that cannot be read leaves %+v", got)
		}
		// Only what the operator has confirmed counts, whatever the journal says.
		if got.Digest != first.Digest && !got.Stale {
			t.Errorf("a journal makes the decision point decide by %+v", got)
		}
		digests := map[string]string{}
		live := point.Live()
		for name, atoms := range live.Set {
			digests[name] = grant.Digest(atoms)
		}
		if live.Digest != policy.Digest(digests, *live.Tables) {
			t.Errorf("the digest is not that of what there is: %+v", got)
		}
	})
}
