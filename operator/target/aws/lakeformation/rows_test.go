package lakeformation

import (
	"reflect"
	"testing"

	"github.com/atoll-platform/atoll/internal/grant"
)

func TestRowsReadBack(t *testing.T) {
	for _, rows := range []grant.Rows{
		nil,
		{{Column: "region", Values: []string{"EU"}}},
		{{Column: "region", Values: []string{"EU", "it's", `a", "b`, "') OR ('1'='1"}}, {Column: "product", Values: []string{""}}},
	} {
		text, err := expression(rows)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := conditions(text); err != nil || !reflect.DeepEqual(got, rows) {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
}

// FuzzConditions reads texts from outside: what is read is what it says, and nothing else is read.
func FuzzConditions(f *testing.F) {
	f.Add(`"region" IN ('EU', 'it''s') AND "product" IN ('x')`)
	f.Add(`"region" IN ('EU') OR 1=1`)
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := conditions(text)
		if err != nil {
			return
		}
		if again, err := expression(rows); err != nil || again != text {
			t.Errorf("%q is read as %+v, which says %q, %v", text, rows, again, err)
		}
	})
}
