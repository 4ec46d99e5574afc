package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/operator/policy"
)

// together100 is how many tables, or columns, are asked about at once. A list of tables is as long as the schema, and Trino asks for the
// masks of all columns of a table at once.
const together100 = 100

// BenchmarkPolicyBatchesBesideOPA asks an OPA server and the decision point which of 100 tables are seen, and which of 100 columns are
// masked: a decision is one table or column. It fails where one of the requests is answered otherwise.
func BenchmarkPolicyBatchesBesideOPA(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		set, bodies, inputs := besideOPA(n, time.Now())
		files, folder := writeFiles(b, set, bodies), b.TempDir()
		point, err := policy.Open(policy.Options{Folder: folder, StaleAfter: time.Hour, Hold: time.Minute, Now: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := point.Push(digested(policy.Push{Set: set})); err != nil {
			b.Fatal(err)
		}
		first, allowed := posted(bodies[0]), point.Allow(inputs[0]).Allowed
		for _, logs := range []bool{false, true} {
			for _, kind := range []struct {
				name, path string
				ask        func(r *rand.Rand, grants int) policy.Input
			}{{"tables", policy.PathFilter, askTables}, {"columns", policy.PathColumnMasks, askColumns}} {
				b.Run(fmt.Sprintf("%s/grants=%d/logs=%t", kind.name, n, logs), func(b *testing.B) {
					requests, want := batches(b, point, n, kind.path, kind.ask)
					var rate [2]float64
					for i, r := range rivals(b, files, folder, logs) {
						b.Run(r.name, func(b *testing.B) { rate[i] = inBatches(b, r, first, allowed, requests, want) })
					}
					ratio(b, rate)
				})
			}
		}
	}
}

// about is a question of a person's.
func about(person int, operation string) policy.Input {
	return policy.Input{
		Context: policy.Context{Identity: policy.Identity{User: fmt.Sprintf("person-%d", person)}}, Action: policy.Action{Operation: operation},
	}
}

// askTables is about tables of which a person may see about half.
func askTables(r *rand.Rand, grants int) policy.Input {
	person := r.IntN(grants / 20)
	in := about(person, "FilterTables")
	for k := range together100 {
		i := person*20 + k/2%20
		if k%2 == 1 {
			i += 20 // of somebody else
		}
		in.Action.FilterResources = append(in.Action.FilterResources, policy.Resource{Table: &policy.Table{
			Catalog: "lake", Schema: fmt.Sprintf("s%d", i%7), Table: fmt.Sprintf("t%d", i%5000),
		}})
	}
	return in
}

// askColumns is about the columns of one table.
func askColumns(r *rand.Rand, grants int) policy.Input {
	i := r.IntN(grants)
	in := about(i/20, "GetColumnMask")
	for k := range together100 {
		in.Action.FilterResources = append(in.Action.FilterResources, policy.Resource{Column: &policy.Column{
			Catalog: "lake", Schema: fmt.Sprintf("s%d", i%7), Table: fmt.Sprintf("t%d", i%5000), Type: "varchar",
			Column: []string{"name", "region", "ssn"}[k%3],
		}})
	}
	return in
}

// batches are requests, and the indexes that the decision point answers with.
func batches(b *testing.B, point *policy.Point, grants int, path string, ask func(*rand.Rand, int) policy.Input) (requests [][]byte, want [][]int) {
	b.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	chosen := 0
	for range 256 {
		in := ask(r, grants)
		body, _ := json.Marshal(map[string]any{"input": in})
		requests = append(requests, postedTo(path, body))
		indexes, _ := point.Filter(in)
		if path == policy.PathColumnMasks {
			indexes = nil
			masks, _ := point.ColumnMasks(in)
			for _, m := range masks {
				indexes = append(indexes, m.Index)
			}
		}
		chosen += len(indexes)
		want = append(want, indexes)
	}
	if share := float64(chosen) / float64(256*together100); share < .1 || share > .9 {
		b.Fatalf("%.0f%% of what is asked about is in the answers: more of both is wanted", 100*share)
	}
	return requests, want
}

// inBatches measures a rival in decisions, which are as many in a second as tables or columns.
func inBatches(b *testing.B, r rival, first []byte, allowed bool, requests [][]byte, want [][]int) (rate float64) {
	server := r.start(b, first, allowed)
	c, err := dial(server.address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	for i, request := range requests {
		body, err := c.exchange(request)
		if err != nil {
			b.Fatal(err)
		}
		if got := answered(b, body); !slices.Equal(got, want[i]) {
			b.Fatalf("%s answers request %d with %v, and the decision point with %v", r.name, i, got, want[i])
		}
	}
	took := make([]time.Duration, 0, 4*len(requests))
	for i := range cap(took) {
		from := time.Now()
		if _, err := c.exchange(requests[i%len(requests)]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(from))
	}
	rate = together100 * float64(len(took)) / sum(took).Seconds()
	report(b, took, sum(took))
	b.ReportMetric(rate, "decisions/s")
	return rate
}

// answered are the indexes of an answer: numbers, or what has one.
func answered(b *testing.B, body []byte) (indexes []int) {
	b.Helper()
	var out struct{ Result []json.RawMessage }
	if err := json.Unmarshal(body, &out); err != nil {
		b.Fatalf("the answer is %s: %v", body, err)
	}
	for _, raw := range out.Result {
		var number int
		if json.Unmarshal(raw, &number) != nil {
			var mask struct{ Index int }
			if err := json.Unmarshal(raw, &mask); err != nil {
				b.Fatalf("the answer is %s: %v", body, err)
			}
			number = mask.Index
		}
		indexes = append(indexes, number)
	}
	slices.Sort(indexes)
	return indexes
}
