package policy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// TestDamagedJournal has a grant given, another one given and the first taken away, each a line of the journal. Whatever is lost of it:
// what was taken away does not come back.
func TestDamagedJournal(t *testing.T) {
	a, b, c := atom("a"), atom("b", to(grant.User, "bob")), atom("c", to(grant.User, "cyd"))
	lines := func(raw []byte) [][]byte { return bytes.Split(bytes.TrimSpace(raw), []byte("\n\n")) }
	for name, tt := range map[string]struct {
		damage func([]byte) []byte
		fails  bool
	}{
		"the last line is cut short": {func(raw []byte) []byte { return raw[:len(raw)-20] }, false},
		"the last line is lost": {func(raw []byte) []byte {
			return append(bytes.Join(lines(raw)[:2], []byte("\n\n")), '\n')
		}, false},
		"a line is lost": {func(raw []byte) []byte {
			all := lines(raw)
			return append(bytes.Join([][]byte{all[0], all[2]}, []byte("\n\n")), '\n')
		}, true},
		"a line cannot be read": {func(raw []byte) []byte {
			all := lines(raw)
			return append(bytes.Join([][]byte{all[0], all[1][1:], all[2]}, []byte("\n\n")), '\n')
		}, true},
		"a line says something else": {func(raw []byte) []byte {
			return bytes.Replace(raw, []byte(`"remove":["ada"]`), []byte(`"remove":["bob"]`), 1)
		}, true},
		"the first line is lost": {func(raw []byte) []byte { return append(bytes.Join(lines(raw)[1:], []byte("\n\n")), '\n') }, false},
		"it is lost":             {func([]byte) []byte { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.push(t, policy.Push{}, a)
			for _, push := range []policy.Push{
				delta([]grant.Atom{a}, []grant.Atom{a, b}),
				delta([]grant.Atom{a, b}, []grant.Atom{a, b, c}),
				delta([]grant.Atom{a, b, c}, []grant.Atom{b, c}, "ada"),
			} {
				if _, err := w.Push(push); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(w.options.Folder, "journal.jsonl")
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			damaged := tt.damage(raw)
			if bytes.Equal(raw, damaged) || len(lines(raw)) != 3 {
				t.Fatalf("nothing is damaged, or the journal has not three lines:\n%s", raw)
			}
			if err := os.WriteFile(file, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			point, err := policy.Open(w.options)
			if (err != nil) != tt.fails {
				t.Errorf("error is %v, want one: %t", err, tt.fails)
			}
			if point.Allow(input(t, recorded(t, "SelectFromColumns", "ada"))).Allowed {
				t.Error("ada reads what was taken from her")
			}
			if !point.Status().Stale {
				t.Error("what was read back counts, and the operator had confirmed something else")
			}
			// What the operator pushes then counts, and is there after a start.
			if _, err := point.Push(whole(policy.Push{}, []grant.Atom{a})); err != nil {
				t.Fatal(err)
			}
			if w.open(t); !w.reads(t) || w.Status().Stale {
				t.Errorf("pushed anew: ada reads %t, %+v", w.reads(t), w.Status())
			}
		})
	}
}

// TestJournalEnds pushes until the snapshot is written in whole, and has the journal left over that led to it.
func TestJournalEnds(t *testing.T) {
	w := newWorld(t)
	all := []grant.Atom{atom("a")}
	w.push(t, policy.Push{}, all...)
	file := filepath.Join(w.options.Folder, "journal.jsonl")
	var long []byte
	for i := 0; ; i++ {
		next := slices.Concat(all[:1], []grant.Atom{atom(fmt.Sprintf("b-%d", i), until(end.Add(time.Duration(i)*time.Second)), func(a *grant.Atom) {
			a.Selector.Part.Rows = grant.Rows{{Column: "region", Values: []string{string(bytes.Repeat([]byte("x"), 50_000))}}}
		})})
		change := delta(all, next)
		if _, err := w.Push(change); err != nil {
			t.Fatal(err)
		}
		all = next
		raw, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			line, _ := json.Marshal(change)
			long = append(long, line...)
			break
		}
		if long = raw; err != nil || len(long) > 4<<20 {
			t.Fatalf("the journal has %d bytes, %v", len(long), err)
		}
	}
	want := w.Live().Digest
	for _, leftOver := range [][]byte{nil, long, long[:len(long)/2]} {
		if err := os.WriteFile(file, leftOver, 0o600); err != nil {
			t.Fatal(err)
		}
		w.open(t)
		if got := w.Live().Digest; got != want || !w.reads(t) {
			t.Errorf("started upon a journal of %d bytes: %s, want %s", len(leftOver), got, want)
		}
	}
}
