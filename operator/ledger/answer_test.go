package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
)

// bank is a small one: a table with a masked column, objects, and people known by group, by name and not at all.
func bank(t *testing.T) []Fact {
	t.Helper()
	week := window(t, "2027-03-01T08:00:00Z", "2027-03-08T08:00:00Z")
	payments := grant.Table{Catalog: "lake", Schema: "risk", Table: "payments"}
	atom := func(name string, s grant.Subject, a grant.Action, sel grant.Selector) grant.Atom {
		return grant.Atom{Subject: s, Action: a, Selector: sel, Window: week, Grant: name}
	}
	analysts, fraud := grant.Subject{Kind: grant.Group, Name: "analysts"}, grant.Subject{Kind: grant.Workspace, Name: "fraud"}
	user := func(name string) grant.Subject { return grant.Subject{Kind: grant.User, Name: name} }
	part := grant.Selector{Part: &grant.Part{
		Table: payments, Columns: []string{"amount", "iban"}, Masks: map[string]grant.Mask{"iban": grant.Hash},
		Rows: grant.Rows{{Column: "country", Values: []string{"NL", "BE"}}},
	}}
	return []Fact{
		Dataset{
			Name: "payments", Owner: "olga", Table: &payments, Class: grant.C2, Effective: grant.C3, Why: "column iban of dataset payments",
			Columns: []Column{{Name: "amount"}, {Name: "iban", Class: grant.C3}, {Name: "country"}},
		},
		Dataset{Name: "exports", Owner: "olga", Objects: &grant.Objects{Bucket: "lake", Prefix: "exports/"}, Class: grant.C1, Effective: grant.C1},
		Workspace{Name: "fraud", People: []string{"Ada"}, Groups: []string{"auditors"}},
		Person{Name: "bob", Groups: []string{"analysts"}},
		Person{Name: "carol"},
		Grant{
			Name: "analysts-payments", Version: 2, Dataset: "payments", Purpose: "weekly report", RequestedBy: "bob", ApprovedBy: []string{"olga"},
			Phase: "Active", Class: grant.C3, Atoms: []grant.Atom{atom("analysts-payments", analysts, grant.Select, part)},
			Targets: []Target{{Name: "Trino", State: "Applied", Digest: "sha256:1"}}, Compiler: "0.1.0",
		},
		Grant{
			Name: "eve-all", Dataset: "payments", Purpose: "audit of the year", RequestedBy: "eve", ApprovedBy: []string{"olga"}, Phase: "Active",
			Atoms: []grant.Atom{atom("eve-all", user("Eve"), grant.Select, grant.Selector{Part: &grant.Part{Table: payments}})},
		},
		Grant{
			Name: "fraud-exports", Dataset: "exports", Purpose: "exports of fraud", RequestedBy: "ada", ApprovedBy: []string{"olga"}, Phase: "Active",
			Atoms: []grant.Atom{atom("fraud-exports", fraud, grant.Read, grant.Selector{Objects: &grant.Objects{Bucket: "lake", Prefix: "exports/2027/"}})},
		},
		Grant{Name: "mallory", Dataset: "payments", RequestedBy: "mallory", Phase: "Refused", Reason: "the data counts as C3, above the ceiling C1"},
	}
}

// state is that of the time after the facts, a second each, from the beginning of March.
func state(t *testing.T, at string, facts ...Fact) *State {
	t.Helper()
	when, err := v1alpha1.Instant(at).Time()
	if err != nil {
		t.Fatal(err)
	}
	s := NewState(when)
	begins := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	previous := genesis
	for i, f := range facts {
		payload, err := canonical(f)
		if err != nil {
			t.Fatal(err)
		}
		kind, name := f.About()
		r := Row{Seq: int64(i + 1), At: begins.Add(time.Duration(i) * time.Second), Kind: kind, Name: name, Payload: payload, Previous: previous}
		r.Hash = r.sum()
		previous = r.Hash
		if r.At.After(when) {
			break
		}
		if err := s.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func answer(t *testing.T, s *State, q v1alpha1.AccessQuerySpec) v1alpha1.AccessQueryStatus {
	t.Helper()
	a, err := s.Answer(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func lines(a v1alpha1.AccessQueryStatus) []string {
	var out []string
	for _, e := range a.Access {
		line := fmt.Sprintf("%s %s %s", e.Person, e.Action, e.Dataset)
		if e.Prefix != "" {
			line += " " + e.Prefix
		}
		if len(e.Columns) > 0 {
			line += " columns " + strings.Join(e.Columns, ",")
		}
		if e.Rows != "" {
			line += " rows " + e.Rows
		}
		for _, g := range e.Grants {
			line += fmt.Sprintf(" by %s via %s until %s", g.Name, g.Via, g.Until)
		}
		out = append(out, line)
	}
	for _, n := range a.NotEvaluable {
		out = append(out, fmt.Sprintf("not evaluable: %s: %s %v", n.About, n.Why, n.Grants))
	}
	return out
}

const (
	during    = "2027-03-02T00:00:00Z"
	analysts  = " via group:analysts until 2027-03-08T08:00:00Z"
	idpOnly   = "only the identity provider knows everyone in group %s: the ledger knows those who have signed in"
	notSigned = "the ledger does not know the groups of %s: they have not signed in up to that time"
)

func TestAnswers(t *testing.T) {
	bobSelects := "bob Select payments columns amount,iban=Hash rows country=BE|NL by analysts-payments" + analysts
	eve := "eve Select payments%s by eve-all via user:eve until 2027-03-08T08:00:00Z"
	gap := "not evaluable: group:analysts in dataset payments: " + fmt.Sprintf(idpOnly, "analysts") + " [analysts-payments]"
	fraudGap := "not evaluable: workspace:fraud in dataset exports: " + fmt.Sprintf(idpOnly, "auditors") + " [fraud-exports]"
	ada := "ada Read exports exports/2027/ by fraud-exports via workspace:fraud until 2027-03-08T08:00:00Z"
	for name, tc := range map[string]struct {
		at   string
		q    v1alpha1.AccessQuerySpec
		want []string
	}{
		"who can, inside the window": {
			during,
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"},
			[]string{bobSelects, fmt.Sprintf(eve, ""), gap},
		},
		"at the first second": {
			"2027-03-01T08:00:00Z",
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"},
			[]string{bobSelects, fmt.Sprintf(eve, ""), gap},
		},
		"a second before": {"2027-03-01T07:59:59Z", v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"}, nil},
		"at the end":      {"2027-03-08T08:00:00Z", v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"}, nil},
		"the last second": {
			"2027-03-08T07:59:59Z",
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"},
			[]string{bobSelects, fmt.Sprintf(eve, ""), gap},
		},
		"a masked column": {
			during,
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments", Column: "iban"},
			[]string{"bob Select payments columns iban=Hash rows country=BE|NL by analysts-payments" + analysts, fmt.Sprintf(eve, " columns iban"), gap},
		},
		"a column of few": {
			during,
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments", Column: "country"},
			[]string{fmt.Sprintf(eve, " columns country"), gap},
		},
		"objects by a workspace": {
			during, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "exports"}, []string{ada, fraudGap},
		},
		"what a person can": {
			during, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: "BOB"}, []string{bobSelects},
		},
		"someone who has never signed in": {
			during, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: "ada"}, []string{
				ada, "not evaluable: group:analysts in dataset payments: " + fmt.Sprintf(notSigned, "ada") + " [analysts-payments]",
			},
		},
		"someone without groups": {during, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: "carol"}, nil},
		"a dataset that is not there": {
			during,
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "nothing"},
			[]string{"not evaluable: dataset nothing: the ledger has no such dataset at that time []"},
		},
		"a time before the ledger": {
			"2027-02-01T00:00:00Z",
			v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"},
			[]string{"not evaluable: 2027-02-01T00:00:00Z: the ledger has no row up to that time: it begins later []"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, lines(answer(t, state(t, tc.at, bank(t)...), tc.q))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// A grant of a folder above gives access too, whichever dataset it was given of.
func TestAccessThroughANeighbour(t *testing.T) {
	all := bank(t)
	top := grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "zoe"}, Action: grant.Read, Grant: "lake-all",
		Selector: grant.Selector{Objects: &grant.Objects{Bucket: "lake"}}, Window: window(t, "2027-03-01T08:00:00Z", "2027-03-08T08:00:00Z"),
	}
	all = append(all, Person{Name: "zoe"}, Grant{Name: "lake-all", Dataset: "lake", Phase: "Active", Atoms: []grant.Atom{top}})
	got := strings.Join(lines(answer(t, state(t, during, all...), v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "exports"})), "\n")
	if !strings.Contains(got, "zoe Read exports exports/ by lake-all") {
		t.Errorf("answer is:\n%s", got)
	}
}

func TestWhyTellsTheEvidence(t *testing.T) {
	got := strings.Join(answer(t, state(t, during, bank(t)...), v1alpha1.AccessQuerySpec{
		Question: v1alpha1.QuestionWhy, Dataset: "payments", Person: "bob",
	}).Explanation, "\n")
	for _, want := range []string{
		"dataset payments: owned by olga, counts as C3 (column iban of dataset payments)",
		"person bob: groups analysts, workspaces none",
		"grant analysts-payments: gives Select by group:analysts, from 2027-03-01T08:00:00Z until 2027-03-08T08:00:00Z",
		`version 2 for "weekly report", asked for by bob, approved by olga; Trino: applied sha256:1; compiled by 0.1.0`,
		"grant eve-all: gives them nothing: it is for user:Eve",
		"grant mallory: gives nothing: it is refused, the data counts as C3, above the ceiling C1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
}

func TestAQuestionAboutAColumnThatIsNotThere(t *testing.T) {
	_, err := state(t, during, bank(t)...).Answer(v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments", Column: "ibna"})
	if err == nil || !strings.Contains(err.Error(), "no column ibna") || !strings.Contains(err.Error(), "amount, iban, country") {
		t.Errorf("error is %v", err)
	}
}

// What is asked about a time in the past has the same answer whatever happens later, and another one for another time.
func TestThePastStaysAsItWas(t *testing.T) {
	l, _ := real(t)
	clock := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	l.now = func() time.Time { return clock }
	record(t, l, bank(t)...)
	q := v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "payments"}
	ask := func(at string) v1alpha1.AccessQueryStatus {
		when, err := v1alpha1.Instant(at).Time()
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Replay(t.Context(), when)
		if err != nil {
			t.Fatal(err)
		}
		return answer(t, s, q)
	}
	before := ask(during)
	if len(before.Access) != 2 {
		t.Fatalf("access is %v", before.Access)
	}
	clock = clock.Add(72 * time.Hour)
	record(t, l, Person{Name: "bob"}, Grant{Name: "eve-all", Gone: true}, Grant{Name: "analysts-payments", Gone: true}, Dataset{Name: "payments", Gone: true})
	if diff := cmp.Diff(before, ask(during)); diff != "" {
		t.Errorf("the past has changed (-before +after):\n%s", diff)
	}
	now := ask("2027-03-05T00:00:00Z")
	if now.Digest == before.Digest || len(now.Access) != 0 || len(now.NotEvaluable) != 1 {
		t.Errorf("after everything was taken away the answer is %v", lines(now))
	}
}
