package grants_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/versity/versitygw/iamapi/policy"
	"github.com/versity/versitygw/iamapi/types"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// setsVariable says how many random sets of grants are tried; the record is made with 10000.
	setsVariable = "GRANT_SETS"
	defaultSets  = 200
	// asks is how many of the questions about a set are put to the reference and to the store.
	asks = 300
	// sampled is how many questions of each set go to the simulator, which takes about a millisecond for one.
	sampled = 12
)

func sets(t *testing.T) int {
	t.Helper()
	text := os.Getenv(setsVariable)
	if text == "" {
		return defaultSets
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q: set it to a number of sets, such as 10000", setsVariable, text)
	}
	return n
}

// eachSet does something for so many sets of grants, on every core.
func eachSet(t *testing.T, sets int, seed uint64, do func(*testing.T, *rand.Rand)) {
	t.Helper()
	t.Logf("seed %d", seed)
	workers := runtime.GOMAXPROCS(0)
	t.Run("sets", func(t *testing.T) {
		for k := range workers {
			t.Run(strconv.Itoa(k), func(t *testing.T) {
				t.Parallel()
				for i := k; i < sets; i += workers {
					do(t, rand.New(rand.NewPCG(seed, uint64(i))))
				}
			})
		}
	})
}

// store evaluates a policy as versitygw does for a request.
func store(document string, r request) bool {
	context := map[string][]string{}
	for k, v := range r.Context {
		context[k] = []string{v}
	}
	var list []types.PolicyEntry
	if document != "" {
		list = append(list, types.PolicyEntry{PolicyName: objectstore.GrantsPolicy, PolicyDocument: document})
	}
	return policy.EvaluateIdentityPolicies(list, policy.RequestContext{Action: r.Operation, Resource: r.Resource, Condition: context}) == policy.DecisionAllow
}

// TestEvaluatorsAgree compiles random sets of grants and asks the reference, the store's engine and an independent simulator
// about every edge of every window.
func TestEvaluatorsAgree(t *testing.T) {
	simulator := startSimulator(t)
	var asked, simulated, allowed, skipped atomic.Int64
	eachSet(t, sets(t), rand.Uint64(), func(t *testing.T, r *rand.Rand) {
		atoms := someGrants(r)
		document, err := objectstore.Compile(reaching(atoms))
		if tooLarge := new(objectstore.TooLargeError); errors.As(err, &tooLarge) {
			skipped.Add(1)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		all := questions(edges(atoms)).some(r, asks)
		for _, q := range all {
			want := grant.Evaluate(atoms, q.Request).Allowed
			if got := store(document, q); got != want {
				t.Fatalf("%s of %s with %v: the store says %t, the reference %t, for\n%s\nof %+v", q.Operation, q.Resource, q.Context, got, want, document, atoms)
			}
			asked.Add(1)
			if want {
				allowed.Add(1)
			}
		}
		sample := choose(r, all, func(q request) bool { return grant.Evaluate(atoms, q.Request).Allowed })
		for i, got := range simulator.ask(t, document, sample) {
			q := sample[i]
			if want := grant.Evaluate(atoms, q.Request).Allowed; got != want {
				t.Fatalf("%s of %s with %v: the simulator says %t, the reference %t, for\n%s", q.Operation, q.Resource, q.Context, got, want, document)
			}
			simulated.Add(1)
		}
		// What was compiled is read back as what was meant.
		back, err := objectstore.Import(document, grant.Subject{Kind: grant.User, Name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		meant := reaching(atoms)
		for i := range meant {
			meant[i].Subject = grant.Subject{Kind: grant.User, Name: "ada"}
		}
		if !grant.Same(back, meant) {
			t.Fatalf("read back is\n%+v\nand meant was\n%+v\nin\n%s", back, meant, document)
		}
	})
	t.Logf("%d sets, %d questions to the reference and the store (%d allowed), %d of them to the simulator; %d sets were too large for one account",
		sets(t), asked.Load(), allowed.Load(), simulated.Load(), skipped.Load())
}

// choose takes some questions at random, half of them such that are allowed where there are any.
func choose(r *rand.Rand, all []request, allowed func(request) bool) []request {
	var out []request
	for range 50 * sampled {
		if len(out) == sampled || len(all) == 0 {
			break
		}
		if q := pick(r, all); allowed(q) || r.IntN(4) == 0 {
			out = append(out, q)
		}
	}
	return out
}

// simulator is the independent one, in a process of its own.
type simulator struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

func startSimulator(t *testing.T) *simulator {
	t.Helper()
	if _, err := os.Stat(filepath.Join("simulator", "node_modules")); err != nil {
		t.Fatalf("the simulator is not there: %v; run `make test-grants`, or npm ci in test/grants/simulator", err)
	}
	command := exec.CommandContext(t.Context(), "node", "simulate.mjs")
	command.Dir, command.Stderr = "simulator", os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() }) // The end of the test's context has killed it.
	return &simulator{in: in, out: bufio.NewReader(out)}
}

func (s *simulator) ask(t *testing.T, document string, list []request) []bool {
	t.Helper()
	if len(list) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	question := map[string]any{"policy": nil, "requests": list}
	if document != "" {
		question["policy"] = json.RawMessage(document)
	}
	line, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "%s\n", line); err != nil {
		t.Fatal(err)
	}
	answer, err := s.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the simulator gave no answer: %v", err)
	}
	var decisions []bool
	if err := json.Unmarshal(answer, &decisions); err != nil || len(decisions) != len(list) {
		t.Fatalf("the simulator answered %s: %v", answer, err)
	}
	return decisions
}

// TestEveryConditionIsNeeded changes compiled policies in every way in which one could be wrong, and sees that each change is
// noticed: a condition dropped, a time moved by a second, a resource or an action more, a statement less.
func TestEveryConditionIsNeeded(t *testing.T) {
	var mu sync.Mutex
	mutants, alike := map[string]int{}, 0
	eachSet(t, sets(t)/20+1, 7, func(t *testing.T, r *rand.Rand) {
		atoms := someGrants(r)
		document, err := objectstore.Compile(reaching(atoms))
		if err != nil || document == "" {
			return
		}
		all := questions(edges(atoms)).all(r)
		want := make([]bool, len(all))
		for i, q := range all {
			want[i] = grant.Evaluate(atoms, q.Request).Allowed
		}
		for _, m := range mutate(t, document) {
			first, rest := suspects(t, m.document, all, want)
			if !noticed(m.document, all, want, first) {
				// What another statement allows anyway can be left out here: such a change is none.
				if same(t, document, m.document) {
					mu.Lock()
					alike++
					mu.Unlock()
					continue
				}
				if !noticed(m.document, all, want, rest) {
					t.Fatalf("nobody notices that %s in\n%s\nwhich became\n%s", m.kind, document, m.document)
				}
			}
			mu.Lock()
			mutants[m.kind]++
			mu.Unlock()
		}
	})
	t.Logf("changes made, and all noticed: %v; %d more changed no meaning", mutants, alike)
}

// suspects are a few questions that a policy, as it is read back, seems to answer otherwise than it should, and all others: the store takes far
// longer for an answer than what is read back.
func suspects(t *testing.T, document string, all []request, want []bool) (first, rest []int) {
	t.Helper()
	atoms, err := objectstore.Import(document, grant.Subject{Kind: grant.User, Name: ada.name})
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range all {
		if len(first) < 8 && grant.Evaluate(atoms, q.Request).Allowed != want[i] {
			first = append(first, i)
			continue
		}
		rest = append(rest, i)
	}
	return first, rest
}

// same says whether two policies mean the same.
func same(t *testing.T, a, b string) bool {
	t.Helper()
	ada := grant.Subject{Kind: grant.User, Name: "ada"}
	left, err := objectstore.Import(a, ada)
	if err != nil {
		t.Fatal(err)
	}
	right, err := objectstore.Import(b, ada)
	if err != nil {
		t.Fatal(err)
	}
	return grant.Same(left, right)
}

// noticed says whether the store answers any of these questions otherwise than it should.
func noticed(document string, all []request, want []bool, which []int) bool {
	return slices.ContainsFunc(which, func(i int) bool { return store(document, all[i]) != want[i] })
}
