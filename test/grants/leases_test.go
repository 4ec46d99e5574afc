package grants_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/accessgrants"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// TestGatesOfLeasesAgree plans leases for random sets of grants, and asks the independent simulator about the gate of each at the edges of
// every window. What a lease hands out while its gate is open is what the reference allows then, and for as long as it lives.
func TestGatesOfLeasesAgree(t *testing.T) {
	simulator := startSimulator(t)
	service, err := accessgrants.New(aws.Config{}, role.Options{ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef"}, accessgrants.Options{Bucket: "lake"})
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var asked, open int
	for range min(sets(t), 200) {
		var atoms []grant.Atom
		for _, a := range someGrants(r) {
			if a.Subject.Reaches(ada.name, ada.groups, ada.workspaces) && a.Selector.Objects.Bucket == "lake" {
				for _, pair := range map[grant.Action][]grant.Action{grant.Read: {grant.Read, grant.List}, grant.Write: {grant.Write, grant.Delete}}[a.Action] {
					a.Action = pair
					a.Window.Until = a.Window.From.Add(time.Duration(1+len(a.Grant)%3)*time.Second + lease.Life)
					atoms = append(atoms, a)
				}
			}
		}
		leases, err := lease.Plan(atoms, service.Compile)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leases {
			var questions []request
			for _, at := range []time.Time{l.Window.From.Add(-time.Second), l.Window.From, l.Window.Until.Add(-time.Second), l.Window.Until, l.Window.Until.Add(time.Second)} {
				questions = append(questions, request{
					Request: grant.Request{At: at}, Operation: "s3:GetDataAccess", Resource: service.Gate().Resources[0],
					Context: map[string]string{"aws:CurrentTime": at.UTC().Format(time.RFC3339)},
				})
			}
			for i, got := range simulator.ask(t, service.Gate().Document(l.Window), questions) {
				at := questions[i].At
				if want := l.Window.Holds(at); got != want {
					t.Fatalf("the gate %s is %t at %s", service.Gate().Document(l.Window), got, at)
				}
				asked++
				if !got {
					continue
				}
				open++
				for _, p := range l.Permissions {
					given, err := service.Atoms(p)
					if err != nil {
						t.Fatal(err)
					}
					for _, g := range given {
						for _, when := range []time.Time{at, at.Add(lease.Life - time.Nanosecond)} {
							req := grant.Request{Person: ada.name, Groups: ada.groups, Workspaces: ada.workspaces, Action: g.Action, Bucket: "lake", Key: p.Prefix + "x", At: when}
							if !grant.Evaluate(atoms, req).Allowed {
								t.Fatalf("%s of %s is handed out at %s and not allowed at %s: %+v", g.Action, p, at, when, atoms)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d questions about gates, %d open", asked, open)
	if open == 0 || open == asked {
		t.Error("the questions tell nothing apart")
	}
}
