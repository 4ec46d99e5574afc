package policy_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/policy"
)

const (
	yes = `{"result":true}`
	no  = `{"result":false}`
)

// TestProtocol answers requests as Trino 476 sends them.
func TestProtocol(t *testing.T) {
	w := newWorld(t)
	w.push(t, policy.Push{}, atom("fraud-1", columns("name", "region"), rows("region", "east")),
		atom("load-1", to(grant.User, "loader"), action(grant.Insert)),
		atom("load-2", to(grant.User, "loader"), action(grant.Delete)),
		atom("load-3", to(grant.User, "loader"), action(grant.Update)))
	w.clock.set(begin.Add(time.Minute))
	filter := `{"expression":"(CAST(\"region\" AS varchar) IN ('east'))","identity":"atoll:policy"}`
	for _, tt := range []struct{ request, path, person, want string }{
		{"ExecuteQuery", policy.PathAllow, "ada", yes},
		{"ExecuteQuery", policy.PathAllow, "nobody", yes},
		{"AccessCatalog", policy.PathAllow, "ada", yes},
		{"AccessCatalog", policy.PathAllow, "bob", no},
		{"AccessCatalog", policy.PathAllow, "steward", yes},
		{"AccessCatalog", policy.PathAllow, policy.Evaluator, yes},
		{"FilterCatalogs", policy.PathFilter, "ada", `{"result":[0,1]}`},
		{"FilterCatalogs", policy.PathFilter, "bob", `{"result":[0]}`},
		{"FilterSchemas", policy.PathFilter, "ada", `{"result":[0,1]}`},
		{"FilterSchemas", policy.PathFilter, "bob", `{"result":[]}`},
		{"FilterTables", policy.PathFilter, "ada", `{"result":[0]}`},
		{"FilterTables", policy.PathFilter, "bob", `{"result":[]}`},
		{"FilterColumns", policy.PathFilter, "ada", `{"result":[0,2]}`},
		{"FilterColumns", policy.PathFilter, "bob", `{"result":[]}`},
		{"ShowSchemas", policy.PathAllow, "ada", yes},
		{"ShowSchemas", policy.PathAllow, "bob", no},
		{"ShowTables", policy.PathAllow, "ada", yes},
		{"ShowTables", policy.PathAllow, "bob", no},
		{"ShowColumns", policy.PathAllow, "ada", yes},
		{"ShowColumns", policy.PathAllow, "bob", no},
		{"SelectFromColumns", policy.PathAllow, "ada", no},
		{"SelectFromColumns", policy.PathAllow, policy.Evaluator, yes},
		{"SelectFromColumns-count", policy.PathAllow, "ada", no},
		{"SelectFromColumns-mask", policy.PathAllow, "ada", no},
		{"SelectFromColumns-tpch", policy.PathAllow, "ada", no},
		{"SelectFromColumns-view", policy.PathAllow, "ada", no},
		{"SelectFromColumns-system", policy.PathAllow, "ada", no},
		{"SelectFromColumns-system", policy.PathAllow, "steward", no},
		{"SelectFromColumns-information_schema", policy.PathAllow, "ada", yes},
		{"SelectFromColumns-information_schema", policy.PathAllow, "bob", no},
		{"GetRowFilters", policy.PathRowFilters, "ada", `{"result":[` + filter + `]}`},
		{"GetRowFilters", policy.PathRowFilters, "bob", `{"result":[{"expression":"false","identity":"atoll:policy"}]}`},
		{"GetRowFilters-information_schema", policy.PathRowFilters, "ada", `{"result":[]}`},
		{"GetColumnMask", policy.PathColumnMasks, "ada", `{"result":[{"index":1,"viewExpression":{"expression":"NULL","identity":"atoll:policy"}}]}`},
		{"GetColumnMask-information_schema", policy.PathColumnMasks, "ada", `{"result":[]}`},
		{"InsertIntoTable", policy.PathAllow, "loader", yes},
		{"InsertIntoTable", policy.PathAllow, "ada", no},
		{"DeleteFromTable", policy.PathAllow, "loader", no}, // of another table
		{"UpdateTableColumns", policy.PathAllow, "loader", yes},
		{"UpdateTableColumns", policy.PathAllow, "ada", no},
		{"CreateTable", policy.PathAllow, "steward", yes},
		{"CreateTable", policy.PathAllow, "ada", no},
		{"DropTable", policy.PathAllow, "steward", yes},
		{"DropTable", policy.PathAllow, "loader", no},
		{"CreateSchema", policy.PathAllow, "steward", yes},
		{"CreateSchema", policy.PathAllow, "ada", no},
		{"CreateView", policy.PathAllow, "steward", no},
		{"CreateView", policy.PathAllow, "ada", no},
		{"RenameTable", policy.PathAllow, "steward", no},
		{"TruncateTable", policy.PathAllow, "loader", no},
		{"ShowCreateTable", policy.PathAllow, "ada", no},
		{"ExecuteProcedure", policy.PathAllow, "steward", no},
		{"SetSystemSessionProperty", policy.PathAllow, "ada", no},
		{"FilterViewQueryOwnedBy", policy.PathFilter, "ada", `{"result":[0]}`},
		{"FilterViewQueryOwnedBy", policy.PathFilter, "bob", `{"result":[]}`},
	} {
		t.Run(tt.request+" by "+tt.person, func(t *testing.T) {
			code, got := w.ask(t, tt.path, recorded(t, tt.request, tt.person))
			if code != http.StatusOK || got != tt.want {
				t.Errorf("answered %d %s, want %s", code, got, tt.want)
			}
		})
	}
}

// TestWindow asks around both ends of the window.
func TestWindow(t *testing.T) {
	w := newWorld(t)
	w.push(t, policy.Push{}, atom("fraud-1"))
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{begin.Add(-time.Nanosecond), no},
		{begin, yes},
		{end.Add(-time.Nanosecond), yes},
		{end, no},
		{end.Add(time.Nanosecond), no},
	} {
		w.clock.set(tt.at)
		if _, got := w.ask(t, policy.PathAllow, recorded(t, "SelectFromColumns", "ada")); got != tt.want {
			t.Errorf("at %s: answered %s, want %s", tt.at, got, tt.want)
		}
	}
}

// TestPeople sees that the path by which somebody comes to data is not read as a name, and that Trino knows people by slug.
func TestPeople(t *testing.T) {
	w := newWorld(t)
	all := digested(policy.Push{Set: map[string][]grant.Atom{
		"bob": {atom("g", to(grant.Group, "analysts"))}, "cyd@example.com": {atom("w", to(grant.Workspace, "fraud"))},
	}})
	if _, err := w.Push(all); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]string{
		"bob": yes, "analysts": no, "fraud": no, "ada": no,
		person.Slug("cyd@example.com"): yes,
		"cyd@example.com":              no,
		"cyd-example-com--c5faf1e3":    no, // somebody else with the same stem
	} {
		if _, got := w.ask(t, policy.PathAllow, recorded(t, "SelectFromColumns", who)); got != want {
			t.Errorf("%s: answered %s, want %s", who, got, want)
		}
	}
}

// TestMasksAndFilters sees grants that overlap become one filter and one mask a column.
func TestMasksAndFilters(t *testing.T) {
	const name, ssn = 0, 1
	for title, tt := range map[string]struct {
		atoms  []grant.Atom
		filter string
		masks  map[int]string
	}{
		"all of it": {atoms: []grant.Atom{atom("a")}, filter: "", masks: map[int]string{}},
		"all of it and some columns": {
			atoms:  []grant.Atom{atom("a"), atom("b", columns("name"), rows("region", "east"))},
			filter: "", masks: map[int]string{},
		},
		"rows of two grants": {
			atoms:  []grant.Atom{atom("a", rows("region", "east")), atom("b", rows("region", "west", "no'rth"), rows("name", "ann"))},
			filter: `(CAST("region" AS varchar) IN ('east')) OR (CAST("region" AS varchar) IN ('west', 'no''rth') AND CAST("name" AS varchar) IN ('ann'))`,
			masks:  map[int]string{},
		},
		"a mask": {
			atoms:  []grant.Atom{atom("a", masked("ssn", grant.Redact))},
			filter: "", masks: map[int]string{ssn: `CASE WHEN "ssn" IS NOT NULL THEN CAST('***' AS varchar) END`},
		},
		"a hash, and clear for some rows": {
			atoms:  []grant.Atom{atom("a", masked("ssn", grant.Hash)), atom("b", rows("region", "east"))},
			filter: "", masks: map[int]string{ssn: `CASE WHEN (CAST("region" AS varchar) IN ('east')) THEN "ssn" ELSE CAST(lower(to_hex(sha256(to_utf8(CAST("ssn" AS varchar))))) AS varchar) END`},
		},
		"columns of other rows": {
			atoms:  []grant.Atom{atom("a", columns("name"), rows("region", "east")), atom("b", columns("ssn", "region"), rows("region", "west"))},
			filter: `(CAST("region" AS varchar) IN ('east')) OR (CAST("region" AS varchar) IN ('west'))`,
			masks: map[int]string{
				name: `CASE WHEN (CAST("region" AS varchar) IN ('east')) THEN "name" ELSE NULL END`,
				ssn:  `CASE WHEN (CAST("region" AS varchar) IN ('west')) THEN "ssn" ELSE NULL END`,
				2:    `CASE WHEN (CAST("region" AS varchar) IN ('west')) THEN "region" ELSE NULL END`,
			},
		},
	} {
		t.Run(title, func(t *testing.T) {
			w := newWorld(t)
			w.push(t, policy.Push{}, tt.atoms...)
			filters, _ := w.RowFilters(input(t, recorded(t, "GetRowFilters", "ada")))
			if got := joined(filters); got != tt.filter {
				t.Errorf("filter\n%s\nwant\n%s", got, tt.filter)
			}
			masks, _ := w.ColumnMasks(input(t, recorded(t, "GetColumnMask", "ada")))
			got := map[int]string{}
			for _, m := range masks {
				got[m.Index] = m.View.Expression
			}
			for i := range 3 {
				if got[i] != tt.masks[i] {
					t.Errorf("mask of column %d\n%s\nwant\n%s", i, got[i], tt.masks[i])
				}
			}
		})
	}
}

// TestMaskOfOtherTypes sees that a value that no text can stand for is not shown.
func TestMaskOfOtherTypes(t *testing.T) {
	w := newWorld(t)
	w.push(t, policy.Push{}, atom("a", masked("ssn", grant.Hash)))
	for columnType, want := range map[string]string{
		"bigint": "NULL", "char(9)": "NULL", "varchar) OR (1=1": "NULL", "array(varchar)": "NULL",
		"varchar(9)": `CAST(lower(to_hex(sha256(to_utf8(CAST("ssn" AS varchar))))) AS varchar(9))`,
	} {
		body := strings.Replace(recorded(t, "GetColumnMask", "ada"), `"columnName":"ssn","columnType":"varchar"`, `"columnName":"ssn","columnType":"`+columnType+`"`, 1)
		masks, _ := w.ColumnMasks(input(t, body))
		if len(masks) != 1 || masks[0].View.Expression != want {
			t.Errorf("%s: %v, want %s", columnType, masks, want)
		}
	}
}

// TestBadRequests sees that nothing is allowed that cannot be read.
func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	w.push(t, policy.Push{}, atom("fraud-1"))
	for name, body := range map[string]string{
		"nothing":               ``,
		"no JSON":               `{"input":`,
		"another type":          `[]`,
		"no input":              `{}`,
		"input null":            `{"input":null}`,
		"no user":               `{"input":{"context":{"identity":{"groups":["ada"]}},"action":{"operation":"ExecuteQuery"}}}`,
		"an empty user":         `{"input":{"context":{"identity":{"user":""}},"action":{"operation":"ExecuteQuery"}}}`,
		"a user that is a list": `{"input":{"context":{"identity":{"user":["ada"]}},"action":{"operation":"ExecuteQuery"}}}`,
		"no operation":          `{"input":{"context":{"identity":{"user":"ada"}},"action":{}}}`,
		"a number as columns":   `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"SelectFromColumns","resource":{"table":{"columns":7}}}}}`,
	} {
		for _, path := range []string{policy.PathAllow, policy.PathFilter, policy.PathRowFilters, policy.PathColumnMasks, policy.PathColumnMask} {
			if code, got := w.ask(t, path, body); code != http.StatusBadRequest {
				t.Errorf("%s to %s: answered %d %s", name, path, code, got)
			}
		}
	}
	for name, body := range map[string]string{
		"an operation that is not known": `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"ReadEverything","resource":{"table":{"catalogName":"memory","schemaName":"default","tableName":"people"}}}}}`,
		"no resource":                    `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"SelectFromColumns"}}}`,
		"a resource of another kind":     `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"SelectFromColumns","resource":{"catalog":{"name":"memory"}}}}}`,
		"an empty table":                 `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"SelectFromColumns","resource":{"table":{}}}}}`,
		"an impersonation":               `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"ImpersonateUser","resource":{"user":{"user":"bob"}}}}}`,
		"an evaluator that impersonates": `{"input":{"context":{"identity":{"user":"atoll:policy"}},"action":{"operation":"ImpersonateUser","resource":{"user":{"user":"bob"}}}}}`,
		"a table for an evaluator":       `{"input":{"context":{"identity":{"user":"atoll:policy"}},"action":{"operation":"DropTable","resource":{"table":{"catalogName":"memory","schemaName":"default","tableName":"people"}}}}}`,
		"metrics for a person":           `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"ReadSystemInformation"}}}`,
		"system information written":     `{"input":{"context":{"identity":{"user":"atoll:metrics"}},"action":{"operation":"WriteSystemInformation"}}}`,
	} {
		if code, got := w.ask(t, policy.PathAllow, body); code != http.StatusOK || got != no {
			t.Errorf("%s: answered %d %s", name, code, got)
		}
	}
}

// TestEveryRequestIsAsked keeps a recorded request from lying around unused.
func TestEveryRequestIsAsked(t *testing.T) {
	source, err := os.ReadFile("protocol_test.go")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("testdata/requests")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".json"); !strings.Contains(string(source), `"`+name+`"`) {
			t.Errorf("testdata/requests/%s is asked by no test", e.Name())
		}
	}
}

func input(t testing.TB, body string) policy.Input {
	t.Helper()
	in, err := policy.ParseInput([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func joined(filters []policy.Expression) string {
	var all []string
	for _, f := range filters {
		all = append(all, f.Expression)
	}
	return strings.Join(all, " AND ")
}

// TestOneWayToRead has requests that could be read in two ways.
func TestOneWayToRead(t *testing.T) {
	for name, body := range map[string]string{
		"two users":           `{"input":{"context":{"identity":{"user":"eve","user":"ada"}},"action":{"operation":"ExecuteQuery"}}}`,
		"a user in capitals":  `{"input":{"context":{"identity":{"USER":"ada"}},"action":{"operation":"ExecuteQuery"}}}`,
		"two inputs":          `{"input":{"context":{"identity":{"user":"eve"}},"action":{"operation":"ExecuteQuery"}},"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"ExecuteQuery"}}}`,
		"more after the end":  `{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"ExecuteQuery"}}}{}`,
		"a user of no letter": "{\"input\":{\"context\":{\"identity\":{\"user\":\"ada\xff\"}},\"action\":{\"operation\":\"ExecuteQuery\"}}}",
	} {
		if in, err := policy.ParseInput([]byte(body)); err == nil {
			t.Errorf("%s: read as %+v", name, in)
		}
	}
	body := `{"input":{"context":{"identity":{"user":"ada","groups":[]},"more":1},"action":{"operation":"ExecuteQuery"}}}`
	if in, err := policy.ParseInput([]byte(body)); err != nil || in.Context.Identity.User != "ada" {
		t.Errorf("what newer releases add: %+v, %v", in, err)
	}
}
