package target_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
	"github.com/atoll-platform/atoll/operator/target/trino"
	"github.com/atoll-platform/atoll/test/bench/scale"
)

// BenchmarkGrantsCompile makes what the targets are given of 100,000 grants: a policy for each account of the object store, of four grants
// each, and the snapshot of the decision point, of twenty grants a person.
func BenchmarkGrantsCompile(b *testing.B) {
	n := scale.Of(b, 100_000)
	for _, kind := range []struct {
		name    string
		each    int
		dataset func(i int) grant.Dataset
		action  grant.Action
		compile func(person string, atoms []grant.Atom) error
	}{
		{
			"objects", 4, func(i int) grant.Dataset {
				return grant.Dataset{Name: fmt.Sprintf("d%d", i), Owner: "olga", Class: grant.C1, Objects: &grant.Objects{Bucket: "lake", Prefix: fmt.Sprintf("d%d/", i)}}
			}, grant.Read, func(_ string, atoms []grant.Atom) error {
				_, err := objectstore.Compile(atoms)
				return err
			},
		},
		{
			"tables", 20, func(i int) grant.Dataset {
				return grant.Dataset{Name: fmt.Sprintf("d%d", i), Owner: "olga", Class: grant.C1, Table: &grant.Table{Catalog: "lake", Schema: "s", Table: fmt.Sprintf("t%d", i)}}
			}, grant.Select, func(person string, atoms []grant.Atom) error {
				_, err := trino.Compile(person, atoms)
				return err
			},
		},
	} {
		b.Run(fmt.Sprintf("%s/grants=%d", kind.name, n), func(b *testing.B) {
			catalog := grant.Catalog{}
			for i := range 1000 {
				d := kind.dataset(i)
				catalog[d.Name] = d
			}
			before := heap()
			started := time.Now()
			book := target.NewBook()
			for i := range n {
				g := grant.Grant{
					Name: fmt.Sprintf("grant-%d", i), Subject: user(fmt.Sprintf("person-%d", i/kind.each)), Dataset: fmt.Sprintf("d%d", i%1000),
					Actions: []grant.Action{kind.action}, Window: grant.Window{From: begin, Until: begin.Add(24 * time.Hour)}, Ceiling: grant.C1,
					RequestedBy: "ada", ApprovedBy: []string{"bob"},
				}
				if v := grant.Admit(g, catalog, grant.C4, grant.DefaultLimits()); !v.Granted() {
					b.Fatal(v)
				}
				atoms, err := grant.Atoms(g, catalog[g.Dataset])
				if err != nil {
					b.Fatal(err)
				}
				book.Put(g.Name, atoms)
			}
			judged := time.Since(started)
			started = time.Now()
			for person, atoms := range book.Access(book.Everybody(), begin) {
				if err := kind.compile(person, atoms); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(judged.Seconds(), "s/judge")
			b.ReportMetric(time.Since(started).Seconds(), "s/compile")
			b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
			b.ReportMetric(0, "ns/op")
			runtime.KeepAlive(book)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
