package v1alpha1_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	goodDataset = `
apiVersion: atoll.dev/v1alpha1
kind: Dataset
metadata: {name: cards}
spec:
  location: {table: {catalog: hive, schema: pay, table: cards}}
  owner: olga
  description: Cards and who holds them
  classification: C2
  columns:
  - {name: id}
  - {name: number, classification: C4, description: the number on the card}
  derivedFrom: [accounts]
  conflictClasses: [{name: merger-2027, side: buyer}]
`
	goodGrant = `
apiVersion: atoll.dev/v1alpha1
kind: DataGrant
metadata: {name: ada-cards}
spec:
  subject: {kind: User, name: ada}
  dataset: cards
  selector:
    columns: [id, number]
    masks: [{column: number, kind: Hash}]
    rows: [{column: region, values: [eu]}]
  actions: [Select]
  notBefore: "2027-01-31T08:00:00Z"
  notAfter: "2027-01-31T12:00:00Z"
  ceiling: C4
  purpose: Find the cards of the incident of January
  procedure: Standard
  requestedBy: ada
`
)

var datasets = []refused{
	{"a name in upper case", []edit{{"metadata.name", "Cards"}}, []string{"metadata.name", "lower case"}},
	{"a name too long", []edit{{"metadata.name", strings.Repeat("a", 64)}}, []string{"metadata.name", "1 to 63"}},
	{"no place", []edit{{"spec.location.table", nil}}, []string{"spec.location", "either objectPrefix or table"}},
	{"two places", []edit{{"spec.location.objectPrefix", map[string]any{"bucket": "lake"}}}, []string{"spec.location", "either objectPrefix or table"}},
	{"a table in upper case", []edit{{"spec.location.table.table", "Cards"}}, []string{"spec.location.table.table", "a-z0-9"}},
	{"a table with a quote", []edit{{"spec.location.table.table", "cards\" where \""}}, []string{"spec.location.table.table", "a-z0-9"}},
	{"a bucket that is none", []edit{{"spec.location", prefix("Lake", "")}}, []string{"spec.location.objectPrefix.bucket", "a-z0-9"}},
	{"half a folder", []edit{{"spec.location", prefix("lake", "sales")}}, []string{"spec.location.objectPrefix.prefix", "/)*$"}},
	{"a way up", []edit{{"spec.location", prefix("lake", "sales/../hr/")}}, []string{"spec.location.objectPrefix.prefix", "folders . and .."}},
	{"a pattern", []edit{{"spec.location", prefix("lake", "*/")}}, []string{"spec.location.objectPrefix.prefix"}},
	{"an empty folder", []edit{{"spec.location", prefix("lake", "sales//")}}, []string{"spec.location.objectPrefix.prefix"}},
	{"no owner", []edit{{"spec.owner", nil}}, []string{"spec.owner", "Required value"}},
	{"an owner that is no person", []edit{{"spec.owner", "system:serviceaccount:a:b"}}, []string{"spec.owner", "person's user name"}},
	{"a class that is none", []edit{{"spec.classification", "C0"}}, []string{"spec.classification", `"C1", "C2", "C3", "C4"`}},
	{"a column twice", []edit{{"spec.columns.1.name", "id"}}, []string{"spec.columns[1]", "Duplicate value"}},
	{"a column with a quote", []edit{{"spec.columns.0.name", `id"`}}, []string{"spec.columns[0].name", "a-z0-9"}},
	{"itself as its source", []edit{{"spec.derivedFrom.0", "cards"}}, []string{"spec.derivedFrom", "itself"}},
	{"two sides of one matter", []edit{{"spec.conflictClasses", []any{conflict("m", "a"), conflict("m", "b")}}}, []string{"spec.conflictClasses[1]", "Duplicate value"}},
	{"no side", []edit{{"spec.conflictClasses", []any{conflict("m", "")}}}, []string{"spec.conflictClasses[0].side", "at least 1"}},
	{"a field that does not exist", []edit{{"spec.class", "C1"}}, []string{"unknown field", "spec.class"}},
}

var grants = []refused{
	{"a name with a dot", []edit{{"metadata.name", "ada.cards"}}, []string{"metadata.name", "1 to 63"}},
	{"no subject", []edit{{"spec.subject", nil}}, []string{"spec.subject", "Required value"}},
	{"a subject of no kind", []edit{{"spec.subject.kind", "Role"}}, []string{"spec.subject.kind", `"User", "Group", "Workspace"`}},
	{"everybody", []edit{{"spec.subject", map[string]any{"kind": "Group", "name": "system:authenticated"}}}, []string{"spec.subject.name", "system: accounts"}},
	{"a subject with a blank", []edit{{"spec.subject.name", "ada l"}}, []string{"spec.subject.name", "white space"}},
	{"no dataset", []edit{{"spec.dataset", ""}}, []string{"spec.dataset", "at least 1"}},
	{"a dataset that is no name", []edit{{"spec.dataset", "*"}}, []string{"spec.dataset", "a-z0-9"}},
	{"no actions", []edit{{"spec.actions", []any{}}}, []string{"spec.actions", "at least 1"}},
	{"all actions", []edit{{"spec.actions", []any{"All"}}}, []string{"spec.actions[0]", `"Read", "List"`}},
	{"an action twice", []edit{{"spec.actions", []any{"Select", "Select"}}}, []string{"spec.actions[1]", "Duplicate value"}},
	{"actions of both", []edit{{"spec.actions", []any{"Select", "Read"}}, {"spec.selector", nil}}, []string{"spec.actions", "those of objects"}},
	{"columns of objects", []edit{{"spec.actions", []any{"Read"}}}, []string{"spec.selector", "action Select alone"}},
	{"rows of a change", []edit{{"spec.actions", []any{"Delete"}}}, []string{"spec.selector", "action Select alone"}},
	{"a prefix of a table", []edit{{"spec.selector", map[string]any{"prefix": "eu/"}}}, []string{"spec.selector.prefix", "actions of objects"}},
	{"half a folder", []edit{{"spec.selector", map[string]any{"prefix": "eu"}}, {"spec.actions", []any{"Read"}}}, []string{"spec.selector.prefix", "/)*$"}},
	{"a variable", []edit{{"spec.selector", map[string]any{"prefix": "${aws:username}/"}}, {"spec.actions", []any{"Read"}}}, []string{"spec.selector.prefix"}},
	{"a way up", []edit{{"spec.selector", map[string]any{"prefix": "../"}}, {"spec.actions", []any{"Read"}}}, []string{"spec.selector.prefix", "folders . and .."}},
	{"no columns at all", []edit{{"spec.selector.columns", []any{}}}, []string{"spec.selector.columns", "at least 1"}},
	{"every column", []edit{{"spec.selector.columns", []any{"*"}}}, []string{"spec.selector.columns[0]", "a-z0-9"}},
	{"a mask that is none", []edit{{"spec.selector.masks.0.kind", "Blur"}}, []string{"spec.selector.masks[0].kind", `"Null", "Redact", "Hash"`}},
	{"two masks of a column", []edit{{"spec.selector.masks", []any{mask("id", "Hash"), mask("id", "Null")}}}, []string{"spec.selector.masks[1]", "Duplicate value"}},
	{"SQL as a filter", []edit{{"spec.selector.rows", "region = 'eu'"}}, []string{"spec.selector.rows", "array"}},
	{"no values", []edit{{"spec.selector.rows.0.values", []any{}}}, []string{"spec.selector.rows[0].values", "at least 1"}},
	{"no beginning", []edit{{"spec.notBefore", nil}}, []string{"spec.notBefore", "Required value"}},
	{"no end", []edit{{"spec.notAfter", nil}}, []string{"spec.notAfter", "Required value"}},
	{"an empty end", []edit{{"spec.notAfter", ""}}, []string{"spec.notAfter"}},
	{"an end in another zone", []edit{{"spec.notAfter", "2027-01-31T12:00:00+01:00"}}, []string{"spec.notAfter", "Z$"}},
	{"an end in no zone", []edit{{"spec.notAfter", "2027-01-31T12:00:00"}}, []string{"spec.notAfter", "Z$"}},
	{"an end within a second", []edit{{"spec.notAfter", "2027-01-31T12:00:00.5Z"}}, []string{"spec.notAfter", "Z$"}},
	{"an end on no day", []edit{{"spec.notAfter", "2027-02-30T12:00:00Z"}}, []string{"spec.notAfter", "date-time"}},
	{"an end that is a date", []edit{{"spec.notAfter", "2027-02-01"}}, []string{"spec.notAfter", "Z$"}},
	{"an end that is a number", []edit{{"spec.notAfter", int64(1800000000)}}, []string{"spec.notAfter", "date-time"}},
	{"an end at its beginning", []edit{{"spec.notAfter", "2027-01-31T08:00:00Z"}}, []string{"spec.notAfter", "later than notBefore"}},
	{"an end before its beginning", []edit{{"spec.notAfter", "2027-01-31T07:59:59Z"}}, []string{"spec.notAfter", "later than notBefore"}},
	{"more than a year", []edit{{"spec.notAfter", "2028-02-01T08:00:01Z"}}, []string{"spec.notAfter", "366 days"}},
	{"no ceiling", []edit{{"spec.ceiling", nil}}, []string{"spec.ceiling", "Required value"}},
	{"a ceiling that is none", []edit{{"spec.ceiling", "c2"}}, []string{"spec.ceiling", `"C1", "C2", "C3", "C4"`}},
	{"no purpose", []edit{{"spec.purpose", nil}}, []string{"spec.purpose", "Required value"}},
	{"hardly a purpose", []edit{{"spec.purpose", "analysis"}}, []string{"spec.purpose", "at least 10"}},
	{"nobody who asks", []edit{{"spec.requestedBy", nil}}, []string{"spec.requestedBy", "Required value"}},
	{"an account that asks", []edit{{"spec.requestedBy", "system:admin"}}, []string{"spec.requestedBy", "person's user name"}},
	{"its own approval", []edit{{"spec.approvedBy", []any{"bob", "ada"}}}, []string{"spec.approvedBy", "cannot approve it"}},
	{"an approval twice", []edit{{"spec.approvedBy", []any{"bob", "bob"}}}, []string{"spec.approvedBy[1]", "Duplicate value"}},
	{"an account that approves", []edit{{"spec.approvedBy", []any{"system:masters"}}}, []string{"spec.approvedBy[0]", "person's user name"}},
	{"a procedure that is none", []edit{{"spec.procedure", "Emergency"}}, []string{"spec.procedure", `"Standard", "BreakGlass"`}},
	{"the glass broken for a day", []edit{{"spec.procedure", "BreakGlass"}, {"spec.notAfter", "2027-01-31T12:00:01Z"}}, []string{"spec.notAfter", "4 hours"}},
	{"the glass broken for another", []edit{{"spec.procedure", "BreakGlass"}, {"spec.subject.name", "bob"}}, []string{"spec.subject", "for the person who asks"}},
	{"a review of what needs none", []edit{{"spec.reviewedBy", "bob"}}, []string{"spec.reviewedBy", "only grants by BreakGlass"}},
	{"its own review", []edit{{"spec.procedure", "BreakGlass"}, {"spec.reviewedBy", "ada"}}, []string{"spec.reviewedBy", "cannot review"}},
	{"a revocation without a reason", []edit{{"spec.revocation", map[string]any{"by": "bob"}}}, []string{"spec.revocation.reason", "Required value"}},
	{"a field that does not exist", []edit{{"spec.mode", "all"}}, []string{"unknown field", "spec.mode"}},
}

// TestGrantsNeverChange creates a grant and tries to change every field of it.
func TestGrantsNeverChange(t *testing.T) {
	obj := object(t, goodGrant, edit{"metadata.name", "fixed"}, edit{"spec.approvedBy", []any{"bob"}})
	if err := kube.Create(context.Background(), obj); err != nil {
		t.Fatal(err)
	}
	const never = "a grant never changes"
	for _, tt := range []struct {
		edit edit
		want string
	}{
		{edit{"spec.subject.name", "eve"}, never},
		{edit{"spec.dataset", "accounts"}, never},
		{edit{"spec.selector", nil}, never},
		{edit{"spec.selector.columns", nil}, never},
		{edit{"spec.selector.masks.0.kind", "Null"}, never},
		{edit{"spec.selector.rows.0.values", []any{"eu", "us"}}, never},
		{edit{"spec.actions", []any{"Select", "Delete"}}, never},
		{edit{"spec.notBefore", "2027-01-31T07:00:00Z"}, never},
		{edit{"spec.notAfter", "2027-01-31T13:00:00Z"}, never},
		{edit{"spec.ceiling", "C3"}, never},
		{edit{"spec.purpose", "Something else entirely"}, never},
		{edit{"spec.procedure", "BreakGlass"}, never},
		{edit{"spec.requestedBy", "carl"}, never},
		{edit{"spec.approvedBy", []any{"carl"}}, "cannot be taken back"},
		{edit{"spec.approvedBy", nil}, "cannot be taken back"},
	} {
		t.Run(fmt.Sprintf("%s to %v", tt.edit.path, tt.edit.value), func(t *testing.T) {
			changed := obj.DeepCopy()
			apply(t, changed.Object, tt.edit)
			field := strings.Join(strings.Split(tt.edit.path, ".")[:2], ".")
			mentions(t, kube.Update(context.Background(), changed, client.DryRunAll), []string{field, tt.want})
		})
	}
	for name, e := range map[string]edit{
		"another approval": {"spec.approvedBy", []any{"bob", "carl"}},
		"a revocation":     {"spec.revocation", map[string]any{"by": "bob", "reason": "done"}},
	} {
		changed := obj.DeepCopy()
		apply(t, changed.Object, e)
		if err := kube.Update(context.Background(), changed); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
		obj = changed
	}
	obj.Object["spec"].(map[string]any)["revocation"] = nil
	mentions(t, kube.Update(context.Background(), obj, client.DryRunAll), []string{"spec.revocation", "cannot be taken back"})
}

func prefix(bucket, prefix string) map[string]any {
	return map[string]any{"objectPrefix": map[string]any{"bucket": bucket, "prefix": prefix}}
}

func conflict(name, side string) map[string]any { return map[string]any{"name": name, "side": side} }

func mask(column, kind string) map[string]any { return map[string]any{"column": column, "kind": kind} }

// TestExamplesOfGrantsAreAccepted has the API server read every document of examples/grants.
func TestExamplesOfGrantsAreAccepted(t *testing.T) {
	files, err := filepath.Glob("../../examples/grants/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range strings.Split(string(text), "\n---\n") {
			if err := dryRun(object(t, doc)); err != nil {
				t.Errorf("%s is refused: %v", file, err)
			}
		}
	}
}
