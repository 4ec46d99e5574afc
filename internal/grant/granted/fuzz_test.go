package granted_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
)

// FuzzInstant reads any text as a time: what is read is written again as the very same text, and is in UTC and whole seconds.
func FuzzInstant(f *testing.F) {
	for _, text := range []string{
		"2027-01-31T08:00:00Z", "2027-02-29T08:00:00Z", "2027-01-31T08:00:60Z", "2027-01-31T24:00:00Z", "2027-01-31T08:00:00+00:00",
		"0000-00-00T00:00:00Z", "2027-01-31T08:00:00.0Z", " 2027-01-31T08:00:00Z", "10000-01-01T00:00:00Z", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := v1alpha1.Instant(text).Time()
		if err != nil {
			return
		}
		if string(v1alpha1.At(at)) != text || at.Location() != time.UTC || at.Nanosecond() != 0 || len(text) != len("2027-01-31T08:00:00Z") {
			t.Errorf("%q is read as %s", text, at)
		}
	})
}

// FuzzGrant reads any text as the spec of a grant, of objects and of a table: what comes of it lies within the dataset, the window and the
// actions that the text names.
func FuzzGrant(f *testing.F) {
	for _, text := range []string{
		`{"subject":{"kind":"User","name":"ada"},"dataset":"d","actions":["Read","List"],"selector":{"prefix":"x/"},"notBefore":"2027-01-01T00:00:00Z","notAfter":"2027-01-02T00:00:00Z"}`,
		`{"subject":{"kind":"Group","name":"g"},"dataset":"d","actions":["Select"],"selector":{"columns":["name"],"masks":[{"column":"name","kind":"Hash"}],"rows":[{"column":"region","values":["a"]}]},"notBefore":"2027-01-01T00:00:00Z","notAfter":"2027-01-02T00:00:00Z"}`,
		`{"actions":["Write"],"selector":{"prefix":"../*/"},"notBefore":"2027-01-01T00:00:00Z","notAfter":"2027-01-01T00:00:00Z"}`,
	} {
		f.Add([]byte(text))
	}
	objects := grant.Dataset{Name: "d", Owner: "olga", Objects: &grant.Objects{Bucket: "lake", Prefix: "d/"}}
	table := grant.Dataset{
		Name: "d", Owner: "olga", Table: &grant.Table{Catalog: "c", Schema: "s", Table: "t"}, Columns: []grant.Column{{Name: "name"}, {Name: "region"}},
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dg := &v1alpha1.DataGrant{}
		if json.Unmarshal(text, &dg.Spec) != nil {
			return
		}
		g, err := granted.Grant(dg)
		if err != nil {
			return
		}
		for _, d := range []grant.Dataset{objects, table} {
			atoms, err := grant.Atoms(g, d)
			if err != nil {
				continue
			}
			for _, a := range atoms {
				if v1alpha1.At(a.Window.From) != dg.Spec.NotBefore || v1alpha1.At(a.Window.Until) != dg.Spec.NotAfter || a.Window.Empty() {
					t.Errorf("%s: the window is %v", text, a.Window)
				}
				if o := a.Selector.Objects; o != nil && (o.Bucket != "lake" || !strings.HasPrefix(o.Prefix, "d/") || !strings.HasSuffix(o.Prefix, "/") || strings.ContainsAny(o.Prefix, "*?$")) {
					t.Errorf("%s reaches %+v", text, o)
				}
				if p := a.Selector.Part; p != nil && (p.Table != *table.Table || a.Action != grant.Select && len(p.Columns)+len(p.Masks)+len(p.Rows) > 0) {
					t.Errorf("%s reaches %+v", text, p)
				}
				if (a.Selector.Objects == nil) == (a.Selector.Part == nil) {
					t.Errorf("%s selects %+v", text, a.Selector)
				}
			}
		}
	})
}
