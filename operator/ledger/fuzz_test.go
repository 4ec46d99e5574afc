package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// FuzzRow takes any row in: what cannot be read is an error, and what was read, written again, says the same.
func FuzzRow(f *testing.F) {
	f.Add("Person", "Ada", `{"groups":["analysts"],"name":"Ada"}`)
	f.Add("Workspace", "fraud", `{"groups":["g"],"name":"fraud","people":["ada"]}`)
	f.Add("Dataset", "payments", `{"class":"C3","columns":[{"name":"iban"}],"name":"payments","table":{"catalog":"lake","schema":"risk","table":"payments"}}`)
	f.Add("Grant", "g", `{"atoms":[{"action":"Select","grant":"g","selector":{"part":{"columns":["x"],"masks":{"x":"Hash"},"rows":[{"column":"y","values":["1"]}],"table":{"catalog":"c","schema":"s","table":"t"}}},"subject":{"kind":"User","name":"ada"},"window":{"from":"2027-03-01T08:00:00Z","until":"2027-03-01T09:00:00+02:00"}}],"name":"g"}`)
	f.Add("Grant", "g", `{"gone":true,"name":"g"}`)
	f.Add("Rumour", "x", `{}`)
	at := time.Date(2027, 3, 1, 8, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, kind, name, payload string) {
		row := Row{Seq: 1, At: at, Kind: Kind(kind), Name: name, Payload: payload, Previous: genesis}
		row.Hash = row.sum()
		s := NewState(at)
		if err := s.Apply(row); err != nil {
			return
		}
		if kind != "Person" && kind != "Workspace" && kind != "Dataset" && kind != "Grant" {
			t.Fatalf("a row of the kind %q is read", kind)
		}
		again := NewState(at)
		for _, fact := range factsOf(s) {
			text, err := canonical(fact)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Apply(Row{Seq: 1, At: at, Kind: Kind(kind), Name: name, Payload: text, Hash: row.Hash}); err != nil {
				t.Fatalf("%s was written and cannot be read: %v", text, err)
			}
			if second, err := canonical(factsOf(again)[0]); err != nil || second != text {
				t.Errorf("%s is read and written as\n%s and then as\n%s, %v", payload, text, second, err)
			}
		}
		if len(factsOf(again)) != len(factsOf(s)) || fmt.Sprint(again.atoms()) != fmt.Sprint(s.atoms()) {
			t.Errorf("%s is read as %v, and again as %v", payload, s.atoms(), again.atoms())
		}
	})
}

func factsOf(s *State) (all []Fact) {
	for _, d := range s.Datasets {
		all = append(all, d)
	}
	for _, g := range s.Grants {
		all = append(all, g)
	}
	for _, w := range s.Workspaces {
		all = append(all, w)
	}
	for _, p := range s.People {
		all = append(all, p)
	}
	return all
}

// FuzzCopy reads any object of the copy: a row that the chain takes is one that was written.
func FuzzCopy(f *testing.F) {
	row := Row{Seq: 1, At: time.Date(2027, 3, 1, 8, 30, 0, 0, time.UTC), Kind: KindPerson, Name: "ada", Payload: `{"name":"ada"}`, Previous: genesis}
	row.Hash = row.sum()
	line, err := json.Marshal(row)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("000000000001-000000000001.ndjson", string(line)+"\n")
	f.Add("000000000001-000000000002.ndjson", string(line)+"\n\n{}")
	f.Add("1-1.ndjson.bak", "")
	f.Add("-1-1.ndjson", strings.ToUpper(string(line)))
	f.Fuzz(func(t *testing.T, name, content string) {
		e := &Export{Bucket: memory{"ledger/2027-03-01/" + name: []byte(content)}, Prefix: "ledger/"}
		parts, err := e.parts(t.Context())
		if err != nil {
			return
		}
		if want := fmt.Sprintf(partName, parts[0].first, parts[0].last); name != want {
			t.Errorf("the object %q is taken for %s", name, want)
		}
		rows := make(chan Row)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		go func() {
			defer close(rows)
			ended <- e.read(ctx, parts, rows)
		}()
		chain := NewChain()
		for r := range rows {
			if chain.Next(r) == nil && r.Hash != r.sum() {
				t.Errorf("the chain takes %+v", r)
			}
		}
		if err := <-ended; err != nil && len(content) == 0 {
			t.Errorf("an empty object is refused: %v", err)
		}
	})
}
