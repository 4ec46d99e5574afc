package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// connections ask at once where what is measured is how many decisions there are in a second.
const connections = 8

// BenchmarkPolicyBesideOPA gives an OPA server and the decision point the same grants and asks both the same requests, each a process of
// its own on one core. It fails where one of 4,096 requests is answered otherwise.
func BenchmarkPolicyBesideOPA(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		set, bodies, inputs := besideOPA(n, time.Now())
		files, folder := writeFiles(b, set, bodies), b.TempDir()
		point, err := policy.Open(policy.Options{Folder: folder, StaleAfter: time.Hour, Hold: time.Minute, Now: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := point.Push(digested(policy.Push{Set: set})); err != nil {
			b.Fatal(err)
		}
		expected := make([]bool, len(inputs))
		for i, in := range inputs {
			expected[i] = point.Allow(in).Allowed
		}
		mixed(b, expected)
		b.Run(fmt.Sprintf("library/grants=%d", n), func(b *testing.B) { inProcess(b, point, inputs, expected, files) })
		for _, logs := range []bool{false, true} {
			b.Run(fmt.Sprintf("http/grants=%d/logs=%t", n, logs), func(b *testing.B) {
				var rate [2]float64
				for i, r := range rivals(b, files, folder, logs) {
					b.Run(r.name, func(b *testing.B) { rate[i] = overHTTP(b, r, bodies, expected) })
				}
				ratio(b, rate)
			})
		}
	}
}

// besideOPA are grants of which some have ended, some not begun and some show a few columns, and requests of which about half are
// allowed.
func besideOPA(n int, now time.Time) (set map[string][]grant.Atom, bodies [][]byte, inputs []policy.Input) {
	set = grantsOfMany(n)
	from, until := now.Add(-time.Hour).UTC().Truncate(time.Second), now.Add(24*time.Hour).UTC().Truncate(time.Second)
	for _, atoms := range set {
		for i := range atoms {
			a := &atoms[i]
			a.Window = grant.Window{From: from, Until: until}
			switch i {
			case 3:
				a.Window.Until = from.Add(time.Minute)
			case 4:
				a.Window.From = until.Add(-time.Minute)
			case 5:
				a.Selector.Part.Columns = []string{"name", "region"}
			case 6:
				a.Action = grant.Insert
			case 7: // With the one before it, of the same table, it shows all.
				a.Selector.Part.Table, a.Selector.Part.Columns = atoms[5].Selector.Part.Table, []string{"ssn"}
			}
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 4096 {
		i := r.IntN(n)
		table := i
		if r.IntN(3) == 0 {
			table += 20 // of somebody else
		}
		in := policy.Input{
			Context: policy.Context{Identity: policy.Identity{User: fmt.Sprintf("person-%d", i/20)}},
			Action: policy.Action{Operation: "SelectFromColumns", Resource: &policy.Resource{Table: &policy.Table{
				Catalog: "lake", Schema: fmt.Sprintf("s%d", table%7), Table: fmt.Sprintf("t%d", table%5000), Columns: []string{"name", "region", "ssn"},
			}}},
		}
		if r.IntN(10) == 0 {
			in.Action.Operation, in.Action.Resource.Table.Columns = "InsertIntoTable", nil
		}
		body, _ := json.Marshal(map[string]any{"input": in})
		inputs, bodies = append(inputs, in), append(bodies, body)
	}
	return set, bodies, inputs
}

// mixed fails where nearly all requests are answered alike, which would prove little.
func mixed(b *testing.B, decisions []bool) {
	allowed := 0
	for _, d := range decisions {
		if d {
			allowed++
		}
	}
	if share := float64(allowed) / float64(len(decisions)); share < .3 || share > .7 {
		b.Fatalf("%d of %d requests are allowed: about half is wanted", allowed, len(decisions))
	}
}

// inProcess compares the decision point with OPA as a library, both without a wire between.
func inProcess(b *testing.B, point *policy.Point, inputs []policy.Input, expected []bool, files opaFiles) {
	cmd := exec.CommandContext(b.Context(), tool(b, "opa-decide"), files.policy, files.data, files.requests)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var theirs struct {
		Decisions   []bool
		Nanoseconds []time.Duration
	}
	if err := json.Unmarshal(out, &theirs); err != nil {
		b.Fatal(err)
	}
	same(b, "OPA as a library", theirs.Decisions, expected)
	ours := make([]time.Duration, 0, decisions)
	func() {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		runtime.GC()
		for i := range decisions {
			from := time.Now()
			point.Allow(inputs[i%len(inputs)])
			ours = append(ours, time.Since(from))
		}
	}()
	var rate [2]float64
	for i, r := range []struct {
		name string
		took []time.Duration
	}{{"point", ours}, {"opa", theirs.Nanoseconds}} {
		b.Run(r.name, func(b *testing.B) {
			all := sum(r.took)
			rate[i] = float64(len(r.took)) / all.Seconds()
			report(b, r.took, all)
		})
	}
	ratio(b, rate)
}

// ratio says how many times as many decisions a second the decision point makes. A benchmark with others in it reports nothing itself.
func ratio(b *testing.B, rate [2]float64) {
	if rate[0] == 0 || rate[1] == 0 {
		return // One of the two was not asked for.
	}
	b.Run("ratio", func(b *testing.B) {
		b.ReportMetric(rate[0]/rate[1], "x-OPA")
		b.ReportMetric(0, "ns/op")
	})
}

// overHTTP measures a rival: how many decisions there are in a second over several connections, and how long each takes over one.
func overHTTP(b *testing.B, r rival, bodies [][]byte, expected []bool) (rate float64) {
	requests := make([][]byte, len(bodies))
	for i, body := range bodies {
		requests[i] = posted(body)
	}
	server := r.start(b, requests[0], expected[0])
	c, err := dial(server.address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	got := make([]bool, len(requests))
	for i := range requests {
		if got[i], err = c.ask(requests[i]); err != nil {
			b.Fatal(err)
		}
	}
	same(b, r.name, got, expected)
	took := make([]time.Duration, 0, 5*len(requests))
	for i := range cap(took) {
		from := time.Now()
		if _, err := c.ask(requests[i%len(requests)]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(from))
	}
	rate = together(b, server.address, requests)
	server.logged(b, r.logs)
	now, peak := server.resident(b)
	report(b, took, sum(took))
	b.ReportMetric(rate, "decisions/s")
	b.ReportMetric(server.ready.Seconds(), "s/load")
	b.ReportMetric(now, "MiB")
	b.ReportMetric(peak, "MiB-peak")
	return rate
}

// together is how many requests are answered in a second over several connections.
func together(b *testing.B, address string, requests [][]byte) float64 {
	const each = 2 * 4096
	var all sync.WaitGroup
	begun := time.Now()
	for k := range connections {
		all.Go(func() {
			c, err := dial(address)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.close()
			for i := range each {
				if _, err := c.ask(requests[(i+k*each/connections)%len(requests)]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return connections * each / time.Since(begun).Seconds()
}

// same fails where a decision is another one than the decision point's, in whose rules everything else is tested.
func same(b *testing.B, who string, got, want []bool) {
	b.Helper()
	if len(got) != len(want) {
		b.Fatalf("%s decided %d requests of %d", who, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			b.Fatalf("%s answers request %d with %t, and the decision point with %t", who, i, got[i], want[i])
		}
	}
}

func sum(took []time.Duration) (all time.Duration) {
	for _, d := range took {
		all += d
	}
	return all
}
