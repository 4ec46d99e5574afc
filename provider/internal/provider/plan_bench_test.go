package provider_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/atoll-platform/atoll/provider/internal/provider"
)

// manyObjects is how many objects the plan is over; ATOLL_BENCH_OBJECTS says otherwise.
const manyObjects = 2000

// memory is the provider, but that it believes the state in place of asking the cluster.
type memory struct{ tfprotov6.ProviderServer }

func (memory) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (memory) ReadResource(_ context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity}, nil
}

// oneByOne is memory that asks for each object by itself, as most providers do. What is asked for is not used, so that
// nothing but the requests is added.
type oneByOne struct{ memory }

func (o oneByOne) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	plural := map[string]string{"atoll_profile": "profiles", "atoll_workspace": "workspaces"}[req.TypeName]
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/apis/atoll.dev/v1alpha1/"+plural+"/bench-plan-0", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(get)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for %s: %s", plural, resp.Status)
	}
	return o.memory.ReadResource(ctx, req)
}

// BenchmarkPlan plans many applied objects without a change, half of them profiles and half workspaces. It reports the
// time beside that of a provider that answers from memory and of one that asks for each object.
func BenchmarkPlan(b *testing.B) {
	// All three run in this process, as the provider does in its own.
	provider.CollectLess()
	many := manyObjects
	if text := os.Getenv("ATOLL_BENCH_OBJECTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 2 {
			b.Fatalf("ATOLL_BENCH_OBJECTS is %q: set it to a number from 2", text)
		}
		many = n
	}
	dir := b.TempDir()
	config := strings.NewReplacer(`"this"`, `"many"`, "NAME", "bench-plan-${count.index}").Replace(python + fraud)
	config = strings.ReplaceAll(config, "\"many\" {", fmt.Sprintf("\"many\" {\n  count = %d", many/2))
	config = strings.ReplaceAll(config, `["python", "r"]`, `["bench-plan-0"]`)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(required+configured(config)), 0o600); err != nil {
		b.Fatal(err)
	}
	real := newModule(b, dir)
	fake := serve(b, dir, func() tfprotov6.ProviderServer {
		return memory{provider.Server("test")()}
	})
	gets := serve(b, dir, func() tfprotov6.ProviderServer {
		return oneByOne{memory{provider.Server("test")()}}
	})
	started := time.Now()
	if out, code := real.run(b, "apply", "-auto-approve", "-no-color", "-parallelism=10"); code != 0 {
		b.Fatalf("applying: %s", out[max(0, len(out)-2000):])
	}
	b.Logf("applying took %s", time.Since(started))
	// Not in a clean-up: those run when the benchmark's context has ended.
	defer func() {
		if out, code := real.run(b, "destroy", "-auto-approve", "-no-color"); code != 0 {
			b.Errorf("destroying: %s", out[max(0, len(out)-2000):])
		}
	}()
	plan := func(m *module) time.Duration {
		started := time.Now()
		if out, code := m.run(b, "plan", "-detailed-exitcode", "-no-color"); code != 0 {
			b.Fatalf("a plan after apply ends with %d: %s", code, out[max(0, len(out)-2000):])
		}
		return time.Since(started)
	}
	// The first plan of each finds nothing warm, and is not counted.
	modules := []*module{real, fake, gets}
	for _, m := range modules {
		plan(m)
	}
	took := map[*module]time.Duration{}
	requests := 0
	for b.Loop() {
		for _, m := range modules {
			server.Requests.Reset()
			took[m] += plan(m)
			if m == real {
				requests += len(server.Requests.Seen())
			}
		}
		slices.Reverse(modules)
	}
	ours, theirs, singly := took[real], took[fake], took[gets]
	n := float64(b.N)
	b.ReportMetric(ours.Seconds()/n, "s/plan")
	b.ReportMetric(theirs.Seconds()/n, "s/plan-from-memory")
	b.ReportMetric(singly.Seconds()/n, "s/plan-with-a-GET-each")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-memory")
	b.ReportMetric(ours.Seconds()/singly.Seconds(), "x-GETs")
	b.ReportMetric(float64(requests)/n, "requests/plan")
}
