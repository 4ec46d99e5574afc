package trino_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target/trino"
)

func TestConflicts(t *testing.T) {
	dataset := func(table string, inherited []string, own ...v1alpha1.ConflictClass) v1alpha1.Dataset {
		d := v1alpha1.Dataset{Spec: v1alpha1.DatasetSpec{ConflictClasses: own}, Status: v1alpha1.DatasetStatus{ConflictClasses: inherited}}
		if table != "" {
			d.Spec.Location.Table = &v1alpha1.TableName{Catalog: "c", Schema: "s", Table: table}
		}
		return d
	}
	got := trino.Conflicts([]v1alpha1.Dataset{
		dataset("plain", nil),
		dataset("", []string{"merger/buyer"}),
		dataset("two", []string{"merger/seller"}, v1alpha1.ConflictClass{Name: "audit", Side: "a"}),
		dataset("both", []string{"merger/buyer"}, v1alpha1.ConflictClass{Name: "merger", Side: "buyer"}),
		// Another dataset of the same table.
		dataset("both", nil, v1alpha1.ConflictClass{Name: "audit", Side: "b"}),
	})
	at := func(table string) grant.Table { return grant.Table{Catalog: "c", Schema: "s", Table: table} }
	want := []policy.Conflicting{
		{Table: at("both"), Sides: []policy.Side{{Class: "audit", Side: "b"}, {Class: "merger", Side: "buyer"}}},
		{Table: at("two"), Sides: []policy.Side{{Class: "audit", Side: "a"}, {Class: "merger", Side: "seller"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
}
