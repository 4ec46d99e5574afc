package grants_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

// TestPoliciesOfAWSAgree compiles random sets of grants to the policies of a role on AWS, and asks the reference and the independent
// simulator about the edges of every window.
func TestPoliciesOfAWSAgree(t *testing.T) {
	simulator, language := startSimulator(t), policy.Language{Partition: "aws"}
	var simulated, allowed atomic.Int64
	eachSet(t, sets(t), rand.Uint64(), func(t *testing.T, r *rand.Rand) {
		atoms := someGrants(r)
		pieces, err := policy.Compile(reaching(atoms))
		if err != nil {
			t.Fatal(err)
		}
		document := language.Document(pieces)
		sample := choose(r, questions(edges(atoms)).all(r), func(q request) bool { return grant.Evaluate(atoms, q.Request).Allowed })
		for i, got := range simulator.ask(t, document, sample) {
			q := sample[i]
			want := grant.Evaluate(atoms, q.Request).Allowed
			if got != want {
				t.Fatalf("%s of %s with %v: the simulator says %t, the reference %t, for\n%s", q.Operation, q.Resource, q.Context, got, want, document)
			}
			simulated.Add(1)
			if want {
				allowed.Add(1)
			}
		}
	})
	t.Logf("%d sets, %d questions to the reference and the simulator, %d of them allowed", sets(t), simulated.Load(), allowed.Load())
	if allowed.Load() == 0 {
		t.Error("nothing was allowed")
	}
}
