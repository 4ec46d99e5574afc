package policy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// grantsOfMany are grants of 20 tables to each person, a tenth of them masked and a tenth held to rows.
func grantsOfMany(n int) map[string][]grant.Atom {
	set := map[string][]grant.Atom{}
	for i := range n {
		name := fmt.Sprintf("person-%d", i/20)
		a := atom(fmt.Sprintf("grant-%d", i), of(grant.Table{Catalog: "lake", Schema: fmt.Sprintf("s%d", i%7), Table: fmt.Sprintf("t%d", i%5000)}), until(begin.AddDate(1, 0, 0)))
		a.Subject.Name = name
		switch i % 10 {
		case 0:
			a.Selector.Part.Masks = map[string]grant.Mask{"ssn": grant.Hash}
		case 1:
			a.Selector.Part.Rows = grant.Rows{{Column: "region", Values: []string{"east", "west"}}}
		}
		set[name] = append(set[name], a)
	}
	return set
}

// questions are requests of which half are allowed.
func questions(n int) (inputs []policy.Input, bodies [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 4096 {
		i := r.IntN(n)
		table := i
		if r.IntN(2) == 0 {
			table += 20 // of somebody else
		}
		in := policy.Input{
			Context: policy.Context{Identity: policy.Identity{User: fmt.Sprintf("person-%d", i/20)}},
			Action: policy.Action{Operation: "SelectFromColumns", Resource: &policy.Resource{Table: &policy.Table{
				Catalog: "lake", Schema: fmt.Sprintf("s%d", table%7), Table: fmt.Sprintf("t%d", table%5000), Columns: []string{"name", "region", "ssn"},
			}}},
		}
		body, _ := json.Marshal(map[string]any{"input": in})
		inputs, bodies = append(inputs, in), append(bodies, body)
	}
	return inputs, bodies
}

func benchPoint(b *testing.B, grants int) *world {
	w := newWorld(b)
	if _, err := w.Push(digested(policy.Push{Set: grantsOfMany(grants)})); err != nil {
		b.Fatal(err)
	}
	w.clock.set(begin.Add(time.Hour))
	return w
}

// report says how long single decisions took.
func report(b *testing.B, took []time.Duration, all time.Duration) {
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Nanoseconds()) / 1000
	}
	b.ReportMetric(float64(len(took))/all.Seconds(), "decisions/s")
	b.ReportMetric(at(.5), "µs-p50")
	b.ReportMetric(at(.99), "µs-p99")
	b.ReportMetric(at(.999), "µs-p99.9")
	b.ReportMetric(0, "ns/op")
}

const decisions = 200_000

// BenchmarkPolicyInProcess decides on one core.
func BenchmarkPolicyInProcess(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("grants=%d", n), func(b *testing.B) {
			w := benchPoint(b, n)
			inputs, _ := questions(n)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			runtime.GC()
			took, allowed := make([]time.Duration, 0, decisions), 0
			started := time.Now()
			for i := range decisions {
				from := time.Now()
				if w.Allow(inputs[i%len(inputs)]).Allowed {
					allowed++
				}
				took = append(took, time.Since(from))
			}
			report(b, took, time.Since(started))
			if allowed < decisions/3 || allowed > decisions*2/3 {
				b.Errorf("%d of %d are allowed: about half is wanted", allowed, decisions)
			}
		})
	}
}

// BenchmarkPolicyHTTP decides over one connection of the loopback interface, on one core that client and server share.
func BenchmarkPolicyHTTP(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("grants=%d", n), func(b *testing.B) {
			w := benchPoint(b, n)
			_, bodies := questions(n)
			server := httptest.NewServer(policy.Handler(w.Point, zap.NewNop()))
			defer server.Close()
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			runtime.GC()
			const requests = decisions / 10
			took := make([]time.Duration, 0, requests)
			started := time.Now()
			for i := range requests {
				from := time.Now()
				res, err := server.Client().Post(server.URL+policy.PathAllow, "application/json", bytes.NewReader(bodies[i%len(bodies)]))
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res, err)
				}
				var out struct{ Result bool }
				err = json.NewDecoder(res.Body).Decode(&out)
				_ = res.Body.Close()
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(from))
			}
			report(b, took, time.Since(started))
		})
	}
}

// BenchmarkPolicyLoad starts upon what is on disk, and pushes one change.
func BenchmarkPolicyLoad(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("grants=%d", n), func(b *testing.B) {
			w := benchPoint(b, n)
			set := w.Live().Set
			before := heap()
			started := time.Now()
			w.open(b)
			b.ReportMetric(time.Since(started).Seconds(), "s/load")
			b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
			digests := map[string]string{}
			for name, atoms := range set {
				digests[name] = grant.Digest(atoms)
			}
			delete(digests, "person-0")
			change := policy.Push{Base: w.Status().Digest, Digest: policy.Digest(digests, nil), Remove: []string{"person-0"}}
			started = time.Now()
			if _, err := w.Push(change); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(started).Seconds(), "s/revoke")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
