package lakeformation

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lakeformation/types"

	"github.com/atoll-platform/atoll/internal/grant"
)

// FuzzCompile grants anything of a table: it is refused, or what was written is read back as what was meant.
func FuzzCompile(f *testing.F) {
	f.Add("lake", "risk", "payments", "", "", "", byte(0))
	f.Add("lake", "risk", "payments", "amount,region", "region", "EU|it's", byte(0))
	f.Add("lake", "risk", "payments", "a b", `re"gion`, "'", byte(0))
	f.Add("lake", "", "", "", "", "", byte(1))
	f.Add("lake", "risk", "payments", "amount", "", "", byte(2))
	f.Add("lake", "risk", "payments", "", "", "", byte(3))
	actions := []grant.Action{grant.Select, grant.Insert, grant.Delete, grant.Update}
	f.Fuzz(func(t *testing.T, catalog, schema, table, columns, column, values string, action byte) {
		part := &grant.Part{Table: grant.Table{Catalog: catalog, Schema: schema, Table: table}}
		if columns != "" {
			part.Columns = strings.Split(columns, ",")
		}
		if column != "" {
			part.Rows = grant.Rows{{Column: column, Values: strings.Split(values, "|")}}
		}
		meant := grant.Normal([]grant.Atom{{
			Action: actions[action%4], Selector: grant.Selector{Part: part}, Window: grant.Window{Until: time.Unix(1, 0)},
		}})
		permissions, err := compile(meant)
		if err != nil {
			return
		}
		var back []grant.Atom
		for _, p := range permissions {
			given, err := atoms(catalog, p)
			if err != nil {
				t.Fatalf("%s was written and cannot be read: %v", p, err)
			}
			for _, a := range given {
				a.Window = meant[0].Window
				back = append(back, a)
			}
		}
		if !grant.Same(meant, back) {
			t.Errorf("meant was %+v, and read back is %+v", meant[0].Selector.Part, back)
		}
	})
}

// FuzzAtoms reads any permission: it is refused, or it is what would be written for what it was read as.
func FuzzAtoms(f *testing.F) {
	f.Add("SELECT", "risk", "payments", "amount,region", `"region" IN ('EU')`, false)
	f.Add("SELECT", "risk", "payments", "", "", true)
	f.Add("ALL", "risk", "payments", "", "", false)
	f.Add("SELECT", "risk", "payments", "b,a,,a", "true", false)
	f.Add("INSERT", "risk", "payments", "amount", "", false)
	f.Add("SELECT", "risk", "payments", ",", "", false)
	f.Fuzz(func(t *testing.T, word, schema, table, columns, rows string, passOn bool) {
		p := Permission{Word: types.Permission(word), Schema: schema, Table: table, Columns: columns, Rows: rows, PassOn: passOn}
		given, err := atoms("lake", p)
		if err != nil {
			return
		}
		if passOn || len(given) != 1 {
			t.Fatalf("%s is read as %+v", p, given)
		}
		given[0].Window.Until = time.Unix(1, 0)
		again, err := compile(grant.Normal(given))
		if err != nil {
			return // No grant is written as that, and it is compared by what it allows.
		}
		if len(again) != 1 || again[0].Word != p.Word || again[0].Schema != schema || again[0].Table != table || (again[0].Columns == "") != (columns == "") || (again[0].Rows == "") != (rows == "") {
			t.Errorf("%s is read as what would be written as %v", p, again)
		}
	})
}
