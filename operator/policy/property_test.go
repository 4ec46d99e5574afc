package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// member is somebody with groups and workspaces.
type member struct {
	Name               string
	Groups, Workspaces []string
}

// What random grants are made of. Values have quotes in them, as data does.
var (
	anyPeople = []member{
		{Name: "ada", Groups: []string{"analysts"}},
		{Name: "bob", Groups: []string{"analysts", "auditors"}, Workspaces: []string{"fraud"}},
		{Name: "cyd", Workspaces: []string{"fraud"}},
		{Name: "dan"},
	}
	anyTables  = []grant.Table{people, {Catalog: "memory", Schema: "default", Table: "orders"}, {Catalog: "tpch", Schema: "tiny", Table: "people"}}
	anyColumns = []string{"name", "ssn", "region"}
	anyValues  = []string{"east", "we'st", `no"rth`}
	anyMasks   = []grant.Mask{grant.Clear, grant.Hash, grant.Redact, grant.Null}
)

// TestAgreesWithTheReference compares decisions, filters and masks with what grant.Evaluate says, around every edge of
// random grants. ATOLL_PROPERTY_SETS says over how many sets of grants.
func TestAgreesWithTheReference(t *testing.T) {
	sets := 100
	if text := os.Getenv("ATOLL_PROPERTY_SETS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		sets = n
	}
	w := newWorld(t)
	asked, allowed, cells := 0, 0, 0
	for seed := range sets {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		atoms := randomAtoms(r)
		w.clock.set(begin)
		if _, err := w.Push(digested(policy.Push{Set: byPerson(atoms)})); err != nil {
			t.Fatal(err)
		}
		for _, at := range edges(atoms) {
			w.clock.set(at)
			for _, p := range anyPeople {
				table := pick(r, anyTables)
				req := grant.Request{
					Person: p.Name, Groups: p.Groups, Workspaces: p.Workspaces, Table: &table, At: at,
					Action:  pick(r, []grant.Action{grant.Select, grant.Select, grant.Select, grant.Insert, grant.Update, grant.Delete}),
					Columns: some(r, anyColumns),
				}
				if req.Action != grant.Select {
					req.Columns = nil
				}
				want := grant.Evaluate(atoms, req)
				got := w.Allow(request(t, req))
				asked++
				if got.Allowed != want.Allowed || !slices.Equal(got.Grants, want.Grants) {
					t.Fatalf("seed %d at %s: %+v\nis %+v, want %+v\natoms %s", seed, at, req, got, want, text(atoms))
				}
				if !got.Allowed || req.Action != grant.Select {
					continue
				}
				allowed++
				cells += compareCells(t, w, atoms, req, seed)
			}
		}
	}
	t.Logf("%d sets of grants, %d decisions, %d of Select allowed, %d cells compared", sets, asked, allowed, cells)
	if allowed == 0 || allowed == asked || cells == 0 {
		t.Errorf("the grants do not try both answers")
	}
}

// compareCells compares what is seen of every possible row.
func compareCells(t *testing.T, w *world, atoms []grant.Atom, req grant.Request, seed int) (cells int) {
	t.Helper()
	req.Columns = nil
	want := grant.Evaluate(atoms, req)
	in := request(t, req)
	in.Action.Operation = "GetRowFilters"
	filters, _ := w.RowFilters(in)
	in.Action.Operation, in.Action.Resource = "GetColumnMask", nil
	for _, column := range anyColumns {
		in.Action.FilterResources = append(in.Action.FilterResources, policy.Resource{Column: &policy.Column{
			Catalog: req.Table.Catalog, Schema: req.Table.Schema, Table: req.Table.Table, Column: column, Type: "varchar",
		}})
	}
	masks, _ := w.ColumnMasks(in)
	for _, row := range everyRow() {
		seen := len(filters) == 0 || filter(t, filters[0].Expression, row)
		if should := slices.ContainsFunc(want.Rows(), func(r grant.Rows) bool { return r.Hold(row) }); seen != should {
			t.Fatalf("seed %d: row %v is seen: %t, want %t, by %v\natoms %s", seed, row, seen, should, filters, text(atoms))
		}
		if !seen {
			continue
		}
		for i, column := range anyColumns {
			shown := grant.Clear
			for _, m := range masks {
				if m.Index == i {
					shown = mask(t, m.View.Expression, row)
				}
			}
			should, there := want.Show(column, row)
			if !there {
				should = grant.Null
			}
			if cells++; shown != should {
				t.Fatalf("seed %d: column %s of row %v is shown as %q, want %q, by %v\natoms %s", seed, column, row, shown, should, masks, text(atoms))
			}
		}
	}
	return cells
}

// TestTheTestsOwnSQL sees that the evaluator of the test tells right from wrong.
func TestTheTestsOwnSQL(t *testing.T) {
	const east = `(CAST("region" AS varchar) IN ('east', 'we''st'))`
	for text, want := range map[string]bool{
		"": true, "false": false, east: true, "false OR " + east: true,
		`(CAST("region" AS varchar) IN ('we''st') AND CAST("name" AS varchar) IN ('x'))`: false,
		`(CAST("gone" AS varchar) IN (''))`:                                              false,
	} {
		if got := filter(t, text, map[string]string{"region": "we'st", "name": "y"}); got != want {
			t.Errorf("%s is %t", text, got)
		}
	}
	if got := mask(t, "CASE WHEN "+east+` THEN "ssn" ELSE NULL END`, map[string]string{"region": "north"}); got != grant.Null {
		t.Errorf("the mask is %q", got)
	}
}

// byPerson gives each person the atoms that reach them by any path.
func byPerson(atoms []grant.Atom) map[string][]grant.Atom {
	set := map[string][]grant.Atom{}
	for _, p := range anyPeople {
		for _, a := range atoms {
			if a.Subject.Reaches(p.Name, p.Groups, p.Workspaces) {
				set[p.Name] = append(set[p.Name], a)
			}
		}
	}
	return set
}

func request(t testing.TB, req grant.Request) policy.Input {
	t.Helper()
	operation := map[grant.Action]string{
		grant.Select: "SelectFromColumns", grant.Insert: "InsertIntoTable", grant.Update: "UpdateTableColumns", grant.Delete: "DeleteFromTable",
	}[req.Action]
	return policy.Input{
		Context: policy.Context{Identity: policy.Identity{User: req.Person}},
		Action: policy.Action{Operation: operation, Resource: &policy.Resource{Table: &policy.Table{
			Catalog: req.Table.Catalog, Schema: req.Table.Schema, Table: req.Table.Table, Columns: req.Columns,
		}}},
	}
}

func randomAtoms(r *rand.Rand) []grant.Atom {
	var atoms []grant.Atom
	subjects := []grant.Subject{
		{Kind: grant.User, Name: "ada"},
		{Kind: grant.User, Name: "BOB"},
		{Kind: grant.User, Name: "dan"},
		{Kind: grant.Group, Name: "analysts"},
		{Kind: grant.Group, Name: "auditors"},
		{Kind: grant.Workspace, Name: "fraud"},
	}
	for i := range 1 + r.IntN(7) {
		from := begin.Add(time.Duration(r.IntN(4)) * time.Minute)
		a := grant.Atom{
			Subject: pick(r, subjects), Action: grant.Select, Grant: fmt.Sprintf("grant-%d", i),
			Window: grant.Window{From: from, Until: from.Add(time.Duration(1+r.IntN(4)) * time.Minute)},
		}
		part := &grant.Part{Table: pick(r, anyTables)}
		a.Selector.Part = part
		atoms = append(atoms, a)
		if r.IntN(5) == 0 {
			atoms[i].Action = pick(r, []grant.Action{grant.Insert, grant.Update, grant.Delete})
			continue
		}
		part.Columns = some(r, anyColumns)
		for _, column := range some(r, anyColumns) {
			if len(part.Columns) > 0 && !slices.Contains(part.Columns, column) {
				continue
			}
			if part.Masks == nil {
				part.Masks = map[string]grant.Mask{}
			}
			part.Masks[column] = pick(r, anyMasks)
		}
		for range r.IntN(3) {
			part.Rows = append(part.Rows, grant.Condition{Column: pick(r, anyColumns), Values: some(r, anyValues)})
		}
	}
	return atoms
}

// edges are five instants around each beginning and end.
func edges(atoms []grant.Atom) []time.Time {
	var all []time.Time
	for _, a := range atoms {
		for _, edge := range []time.Time{a.Window.From, a.Window.Until} {
			for _, off := range []time.Duration{-time.Second, -1, 0, 1, time.Second} {
				all = append(all, edge.Add(off))
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.Compact(all)
}

// everyRow is each combination of values in two columns, and rows without a value.
func everyRow() []map[string]string {
	var all []map[string]string
	for _, name := range append(anyValues, "other", "") {
		for _, region := range append(anyValues, "other", "") {
			row := map[string]string{"ssn": "east"}
			if name != "" {
				row["name"] = name
			}
			if region != "" {
				row["region"] = region
			}
			all = append(all, row)
		}
	}
	return all
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// some is a random part of a list, which may be nothing.
func some(r *rand.Rand, list []string) []string {
	var out []string
	for _, item := range list {
		if r.IntN(2) == 0 {
			out = append(out, item)
		}
	}
	return out
}

func text(atoms []grant.Atom) string {
	raw, _ := json.MarshalIndent(atoms, "", " ")
	return string(raw)
}
