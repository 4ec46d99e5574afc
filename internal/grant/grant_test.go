package grant_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/internal/grant"
)

var (
	start = time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC)
	end   = start.Add(4 * time.Hour)
	sales = grant.Dataset{
		Name: "sales", Owner: "olga", Class: grant.C2, Objects: &grant.Objects{Bucket: "lake", Prefix: "sales/"},
	}
	cards = grant.Dataset{
		Name: "cards", Owner: "olga", Class: grant.C2, Table: &grant.Table{Catalog: "hive", Schema: "pay", Table: "cards"},
		Columns: []grant.Column{{Name: "id"}, {Name: "region", Class: grant.C1}, {Name: "number", Class: grant.C4}},
	}
)

func reading(name string) grant.Grant {
	return grant.Grant{
		Name: name, Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Dataset: "sales", Actions: []grant.Action{grant.Read},
		Window: grant.Window{From: start, Until: end}, Ceiling: grant.C2, RequestedBy: "ada", ApprovedBy: []string{"bob"},
	}
}

func selecting(name string) grant.Grant {
	g := reading(name)
	g.Dataset, g.Actions, g.Ceiling = "cards", []grant.Action{grant.Select}, grant.C4
	return g
}

func atoms(t *testing.T, g grant.Grant, d grant.Dataset) []grant.Atom {
	t.Helper()
	all, err := grant.Atoms(g, d)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWindowIsHalfOpen(t *testing.T) {
	all := atoms(t, reading("a"), sales)
	for at, want := range map[time.Time]bool{
		start.Add(-1): false, start: true, end.Add(-1): true, end: false, end.Add(1): false,
	} {
		d := grant.Evaluate(all, grant.Request{Person: "Ada", Action: grant.Read, Bucket: "lake", Key: "sales/2027/x", At: at})
		if d.Allowed != want {
			t.Errorf("at %s: allowed = %t, want %t", at, d.Allowed, want)
		}
		if want && !slices.Equal(d.Grants, []string{"a"}) {
			t.Errorf("at %s: by %v", at, d.Grants)
		}
	}
}

func TestOnlyWhatWasGranted(t *testing.T) {
	g := reading("a")
	g.Prefix = "eu/"
	all := atoms(t, g, sales)
	ok := grant.Request{Person: "ada", Action: grant.Read, Bucket: "lake", Key: "sales/eu/x", At: start}
	if !grant.Evaluate(all, ok).Allowed {
		t.Fatal("what was granted is denied")
	}
	for name, change := range map[string]func(*grant.Request){
		"another person":         func(r *grant.Request) { r.Person = "eve" },
		"nobody":                 func(r *grant.Request) { r.Person = "" },
		"a group of that name":   func(r *grant.Request) { r.Person, r.Groups = "eve", []string{"ada"} },
		"another bucket":         func(r *grant.Request) { r.Bucket = "lake2" },
		"another prefix":         func(r *grant.Request) { r.Key = "sales/us/x" },
		"a prefix that is alike": func(r *grant.Request) { r.Key = "sales/eu-secret/x" },
		"the folder above":       func(r *grant.Request) { r.Key = "sales/" },
		"another action":         func(r *grant.Request) { r.Action = grant.Write },
		"a table": func(r *grant.Request) {
			r.Action, r.Table = grant.Select, cards.Table
		},
	} {
		req := ok
		change(&req)
		if grant.Evaluate(all, req).Allowed {
			t.Errorf("%s is allowed", name)
		}
	}
}

func TestOverlapsAreUnitedCellByCell(t *testing.T) {
	narrow, masked := selecting("narrow"), selecting("masked")
	narrow.Columns = []string{"id", "number"}
	narrow.Rows = grant.Rows{{Column: "region", Values: []string{"eu", "us"}}}
	masked.Masks = map[string]grant.Mask{"number": grant.Hash}
	masked.Rows = grant.Rows{{Column: "region", Values: []string{"eu", "asia"}}}
	d := grant.Evaluate(append(atoms(t, narrow, cards), atoms(t, masked, cards)...), grant.Request{
		Person: "ada", Action: grant.Select, Table: cards.Table, Columns: []string{"id", "number"}, At: start,
	})
	if !d.Allowed {
		t.Fatal(d.Reason)
	}
	for _, tt := range []struct {
		region, column string
		mask           grant.Mask
		shown          bool
	}{
		{"eu", "number", grant.Clear, true},
		{"us", "number", grant.Clear, true},
		{"asia", "number", grant.Hash, true},
		{"africa", "number", grant.Null, false},
		{"us", "region", grant.Null, false},
		{"eu", "region", grant.Clear, true},
	} {
		mask, shown := d.Show(tt.column, map[string]string{"region": tt.region})
		if mask != tt.mask || shown != tt.shown {
			t.Errorf("%s of %s: %q, %t; want %q, %t", tt.column, tt.region, mask, shown, tt.mask, tt.shown)
		}
	}
	if got := len(d.Rows()); got != 2 {
		t.Errorf("%d row filters, want 2 of which one must hold", got)
	}
	only := grant.Evaluate(atoms(t, narrow, cards), grant.Request{
		Person: "ada", Action: grant.Select, Table: cards.Table, Columns: []string{"id", "region"}, At: start,
	})
	if only.Allowed {
		t.Error("a column that no grant shows is allowed")
	}
}

func TestChangesAreNeverWidened(t *testing.T) {
	part := grant.Part{Table: *cards.Table, Rows: grant.Rows{{Column: "region", Values: []string{"eu"}}}}
	a := grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Delete,
		Selector: grant.Selector{Part: &part}, Window: grant.Window{From: start, Until: end}, Grant: "a",
	}
	if grant.Evaluate([]grant.Atom{a}, grant.Request{Person: "ada", Action: grant.Delete, Table: cards.Table, At: start}).Allowed {
		t.Error("deleting some rows became deleting all")
	}
}

func TestAtomsFitTheData(t *testing.T) {
	for name, tt := range map[string]struct {
		data   grant.Dataset
		change func(*grant.Grant)
		want   string
	}{
		"no window":            {sales, func(g *grant.Grant) { g.Window.Until = start }, "window is empty"},
		"no actions":           {sales, func(g *grant.Grant) { g.Actions = nil }, "no actions"},
		"an action of tables":  {sales, func(g *grant.Grant) { g.Actions = []grant.Action{grant.Select} }, "Select is none of dataset sales"},
		"an action of objects": {cards, func(*grant.Grant) {}, "Read is none of dataset cards"},
		"columns of objects":   {sales, func(g *grant.Grant) { g.Columns = []string{"id"} }, "select nothing"},
		"a prefix of a table":  {cards, func(g *grant.Grant) { g.Prefix = "a/" }, "a prefix selects nothing"},
		"half a folder":        {sales, func(g *grant.Grant) { g.Prefix = "eu" }, "end in a slash"},
		"a way up":             {sales, func(g *grant.Grant) { g.Prefix = "../hr/" }, "end in a slash"},
		"a pattern":            {sales, func(g *grant.Grant) { g.Prefix = "*/" }, "end in a slash"},
		"a variable":           {sales, func(g *grant.Grant) { g.Prefix = "${aws:username}/" }, "end in a slash"},
		"an unknown column": {cards, func(g *grant.Grant) {
			g.Actions, g.Columns = []grant.Action{grant.Select}, []string{"name"}
		}, "no column name"},
		"a mask of what is not selected": {cards, func(g *grant.Grant) {
			g.Actions, g.Columns, g.Masks = []grant.Action{grant.Select}, []string{"id"}, map[string]grant.Mask{"number": grant.Null}
		}, "not among selector.columns"},
		"a mask that is none": {cards, func(g *grant.Grant) {
			g.Actions, g.Masks = []grant.Action{grant.Select}, map[string]grant.Mask{"number": "Blur"}
		}, "none of Null, Redact, Hash"},
		"no values": {cards, func(g *grant.Grant) {
			g.Actions, g.Rows = []grant.Action{grant.Select}, grant.Rows{{Column: "region"}}
		}, "has no values"},
		"rows of a change": {cards, func(g *grant.Grant) {
			g.Actions, g.Rows = []grant.Action{grant.Delete}, grant.Rows{{Column: "region", Values: []string{"eu"}}}
		}, "narrow the action Select alone"},
		"no place": {grant.Dataset{Name: "x"}, func(*grant.Grant) {}, "no one place"},
	} {
		t.Run(name, func(t *testing.T) {
			g := reading("a")
			tt.change(&g)
			if got, err := grant.Atoms(g, tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestEffectiveClass(t *testing.T) {
	c := grant.Catalog{
		"open": {Name: "open", Class: grant.C1}, "unset": {Name: "unset"}, "sales": sales, "cards": cards,
		"report": {Name: "report", Class: grant.C1, DerivedFrom: []string{"open", "cards"}},
		"chain":  {Name: "chain", Class: grant.C1, DerivedFrom: []string{"circle"}},
		"circle": {Name: "circle", Class: grant.C3, DerivedFrom: []string{"chain"}},
		"orphan": {Name: "orphan", Class: grant.C1, DerivedFrom: []string{"gone"}},
	}
	for _, tt := range []struct {
		name    string
		columns []string
		want    grant.Class
		why     string
	}{
		{"open", nil, grant.C1, "dataset open"},
		{"unset", nil, grant.C4, "no classification"},
		{"sales", nil, grant.C2, "dataset sales"},
		{"cards", nil, grant.C4, "column number"},
		{"cards", []string{"id", "region"}, grant.C2, "dataset cards"},
		{"report", []string{"id"}, grant.C4, "column number of dataset cards"},
		{"chain", nil, grant.C3, "dataset circle"},
		{"orphan", nil, grant.C4, "dataset gone is not known"},
		{"nowhere", nil, grant.C4, "not known"},
	} {
		if got, why := c.EffectiveClass(tt.name, tt.columns); got != tt.want || !strings.Contains(why, tt.why) {
			t.Errorf("%s %v: %s by %q, want %s by %q", tt.name, tt.columns, got, why, tt.want, tt.why)
		}
	}
	if got := c.Derived("circle"); !slices.Equal(got, []string{"chain", "circle"}) {
		t.Errorf("derived from circle: %v", got)
	}
}

func TestAdmit(t *testing.T) {
	open := cards
	open.Name, open.Class, open.Columns = "open", grant.C1, nil
	c := grant.Catalog{"sales": sales, "cards": cards, "open": open}
	day := 24 * time.Hour
	for _, tt := range []struct {
		name             string
		change           func(*grant.Grant)
		ceiling          grant.Class
		refused, wanting string
	}{
		{"approved by another", func(*grant.Grant) {}, grant.C4, "", ""},
		{"approved by nobody", func(g *grant.Grant) { g.ApprovedBy = nil }, grant.C4, "", "one approval"},
		{"approved by the requester", func(g *grant.Grant) { g.ApprovedBy = []string{"ADA"} }, grant.C4, "", "one approval"},
		{"too long for C2", func(g *grant.Grant) { g.Window.Until = start.Add(180*day + 1) }, grant.C4, "longest for C2", ""},
		{"as long as C2 may be", func(g *grant.Grant) { g.Window.Until = start.Add(180 * day) }, grant.C4, "", ""},
		{"a low ceiling", func(g *grant.Grant) { g.Ceiling = grant.C1 }, grant.C4, "above the ceiling C1 of the grant", ""},
		{"a low ceiling of the workspace", func(*grant.Grant) {}, grant.C1, "above the ceiling C1 of user:ada", ""},
		{"no such dataset", func(g *grant.Grant) { g.Dataset = "nowhere" }, grant.C4, "does not exist", ""},
		{"C4 by one", func(g *grant.Grant) { *g = selecting("a"); g.ApprovedBy = []string{"olga"} }, grant.C4, "", "two approvals"},
		{"C4 by one twice", func(g *grant.Grant) { *g = selecting("a"); g.ApprovedBy = []string{"olga", "Olga"} }, grant.C4, "", "two approvals"},
		{"C4 without its owner", func(g *grant.Grant) { *g = selecting("a"); g.ApprovedBy = []string{"bob", "carl"} }, grant.C4, "", "olga, who owns"},
		{"C4 by two", func(g *grant.Grant) { *g = selecting("a"); g.ApprovedBy = []string{"olga", "bob"} }, grant.C4, "", ""},
		{"C4 for its owner", func(g *grant.Grant) {
			*g = selecting("a")
			g.RequestedBy, g.ApprovedBy = "olga", []string{"olga", "bob", "carl"}
		}, grant.C4, "", "olga, who owns"},
		{"the glass broken", func(g *grant.Grant) { g.BreakGlass, g.ApprovedBy = true, []string{"ada"} }, grant.C4, "", ""},
		{"the glass not broken", func(g *grant.Grant) { g.BreakGlass = true }, grant.C4, "", "not broken the glass"},
		{"the glass broken for long", func(g *grant.Grant) {
			g.BreakGlass, g.ApprovedBy, g.Window.Until = true, []string{"ada"}, end.Add(1)
		}, grant.C4, "longest for C2 by BreakGlass", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := reading("a")
			tt.change(&g)
			v := grant.Admit(g, c, tt.ceiling, grant.DefaultLimits())
			for what, got := range map[string][2]string{
				"refused": {strings.Join(v.Refused, "; "), tt.refused}, "wanting": {strings.Join(v.Wanting, "; "), tt.wanting},
			} {
				if got[1] == "" && got[0] != "" || !strings.Contains(got[0], got[1]) {
					t.Errorf("%s: %q, want %q", what, got[0], got[1])
				}
			}
		})
	}
}

// people are those whom groups and workspaces reach.
type people map[string][]string

func (p people) Of(s grant.Subject) ([]string, bool) {
	all, known := p[s.String()]
	return all, known
}

func TestConflicts(t *testing.T) {
	side := func(name, side string, from ...string) grant.Dataset {
		d := grant.Dataset{Name: name, Class: grant.C1, DerivedFrom: from, Objects: &grant.Objects{Bucket: "b", Prefix: name + "/"}}
		if side != "" {
			d.Conflicts = []grant.Conflict{{Name: "merger", Side: side}}
		}
		return d
	}
	c := grant.Catalog{}
	for _, d := range []grant.Dataset{
		side("buyer", "buyer"), side("seller", "seller"), side("seller-2", "seller"), side("free", ""),
		side("about-buyer", "", "buyer"), side("both", "", "buyer", "seller"),
	} {
		c[d.Name] = d
	}
	all := people{"group:m": {"ada", "bob"}, "group:n": {"ADA", "eve"}, "group:o": {"zoe"}, "workspace:w": {"ada"}}
	subject := func(text string) grant.Subject {
		kind, name, _ := strings.Cut(text, ":")
		return grant.Subject{Kind: map[string]grant.SubjectKind{"user": grant.User, "group": grant.Group, "workspace": grant.Workspace}[kind], Name: name}
	}
	for _, tt := range []struct {
		name, who, dataset, pastWho, past, want string
	}{
		{"the same side", "user:ada", "seller", "user:ada", "seller-2", ""},
		{"the other side", "user:ada", "seller", "user:Ada", "buyer", "user:ada"},
		{"another person", "user:eve", "seller", "user:ada", "buyer", ""},
		{"through a group", "group:m", "seller", "user:ada", "buyer", "user:ada"},
		{"through two groups", "group:m", "seller", "group:n", "buyer", "user:ada"},
		{"through groups of others", "group:m", "seller", "group:o", "buyer", ""},
		{"through a workspace", "group:n", "seller", "workspace:w", "buyer", "user:ada"},
		{"through a derived dataset", "user:ada", "about-buyer", "user:ada", "seller", "user:ada"},
		{"from a derived dataset", "user:ada", "seller", "user:ada", "about-buyer", "user:ada"},
		{"nothing to do with it", "user:ada", "free", "user:ada", "seller", ""},
		{"an unknown group", "group:unknown", "seller", "user:ada", "buyer", "is not known"},
		{"one unknown group", "group:unknown", "seller", "group:unknown", "buyer", "group:unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := grant.Grant{Name: "new", Subject: subject(tt.who), Dataset: tt.dataset}
			err := grant.Conflicting(g, c, []grant.Standing{{Subject: subject(tt.pastWho), Dataset: tt.past, Grant: "old"}}, all)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	v := grant.Admit(grant.Grant{
		Name: "x", Subject: subject("user:ada"), Dataset: "both", Actions: []grant.Action{grant.Read}, Ceiling: grant.C4,
		Window: grant.Window{From: start, Until: end},
	}, c, grant.C4, grant.DefaultLimits())
	if len(v.Refused) != 1 || !strings.Contains(v.Refused[0], "together") {
		t.Errorf("a dataset of both sides: %v", v.Refused)
	}
}

func TestDigestIsOfTheMeaning(t *testing.T) {
	g := selecting("a")
	g.Columns, g.Rows = []string{"id", "number"}, grant.Rows{{Column: "region", Values: []string{"eu", "us"}}}
	other := g
	other.Columns, other.Rows = []string{"number", "id", "id"}, grant.Rows{{Column: "region", Values: []string{"us", "eu", "eu"}}}
	other.Window.From = start.In(time.FixedZone("CET", 3600))
	halves := g
	halves.Window.Until = start.Add(time.Hour)
	rest := g
	rest.Window.From = start.Add(time.Hour)
	want := grant.Digest(atoms(t, g, cards))
	if got := grant.Digest(atoms(t, other, cards)); got != want {
		t.Error("the same in another order has another digest")
	}
	if got := grant.Digest(append(atoms(t, rest, cards), atoms(t, halves, cards)...)); got != want {
		t.Error("the same in two halves has another digest")
	}
	for name, change := range map[string]func(*grant.Grant){
		"name":   func(g *grant.Grant) { g.Name = "b" },
		"person": func(g *grant.Grant) { g.Subject.Name = "eve" },
		"end":    func(g *grant.Grant) { g.Window.Until = end.Add(time.Second) },
		"values": func(g *grant.Grant) { g.Rows = grant.Rows{{Column: "region", Values: []string{"eu"}}} },
		"mask":   func(g *grant.Grant) { g.Masks = map[string]grant.Mask{"id": grant.Hash} },
	} {
		changed := g
		change(&changed)
		if grant.Digest(atoms(t, changed, cards)) == want {
			t.Errorf("another %s has the same digest", name)
		}
	}
	if diff := cmp.Diff("sha256:", want[:7]); diff != "" || len(want) != 71 {
		t.Errorf("%s is no digest", want)
	}
}
