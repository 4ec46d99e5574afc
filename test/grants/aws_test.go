package grants_test

import (
	"math/rand/v2"
	"testing"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

// TestPoliciesOfAWSAgree compiles random sets of grants to the policies of a role on AWS, and asks the reference and the independent
// simulator about the edges of every window.
func TestPoliciesOfAWSAgree(t *testing.T) {
	simulator, language := startSimulator(t), policy.Language{Partition: "aws"}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var simulated, allowed int
	for range sets(t) {
		atoms := someGrants(r)
		pieces, err := policy.Compile(reaching(atoms))
		if err != nil {
			t.Fatal(err)
		}
		document := language.Document(pieces)
		sample := choose(r, questions(edges(atoms)), func(q request) bool { return grant.Evaluate(atoms, q.Request).Allowed })
		for i, got := range simulator.ask(t, document, sample) {
			q := sample[i]
			want := grant.Evaluate(atoms, q.Request).Allowed
			if got != want {
				t.Fatalf("%s of %s with %v: the simulator says %t, the reference %t, for\n%s", q.Operation, q.Resource, q.Context, got, want, document)
			}
			simulated++
			if want {
				allowed++
			}
		}
	}
	t.Logf("%d sets, %d questions to the reference and the simulator, %d of them allowed", sets(t), simulated, allowed)
	if allowed == 0 {
		t.Error("nothing was allowed")
	}
}
