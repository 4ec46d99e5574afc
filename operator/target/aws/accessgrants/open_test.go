package accessgrants_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/s3control"
)

// TestTheOpenLeaseHasEverything asks for the one lease to take on at each edge of random windows.
func TestTheOpenLeaseHasEverything(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var none, some int
	for range 25 {
		var atoms []grant.Atom
		for range 1 + r.IntN(4) {
			from := start.Add(time.Duration(r.IntN(6)) * time.Hour)
			atoms = append(atoms, reading([]string{"a/", "b/", "c/"}[r.IntN(3)], from, from.Add(time.Duration(2+r.IntN(5))*time.Hour))...)
		}
		p.sync(t, atoms...)
		for _, edge := range early(atoms) {
			for _, at := range []time.Time{
				edge.Window.From.Add(-time.Second), edge.Window.From, edge.Window.Until.Add(-time.Second), edge.Window.Until, edge.Window.Until.Add(time.Second),
			} {
				open, ok, err := p.Open(t.Context(), "ada", at)
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					some++
				} else {
					none++
				}
				for _, key := range []string{"a/x", "b/x", "c/x"} {
					want := allowed(early(atoms), grant.Read, "data", key, at)
					if got := ok && p.s3.HandsOut(open.RoleARN, "s3:GetObject", "data", key); got != want {
						t.Fatalf("%s at %s: the open lease %v has it: %t, and the model says %t: %+v", key, at, open, got, want, atoms)
					}
					// Nothing changes until another one has to be taken on.
					if last := open.Until.Add(-time.Second); ok && allowed(early(atoms), grant.Read, "data", key, last) != want {
						t.Fatalf("%s at %s is not what it is at %s: %+v", key, last, at, atoms)
					}
				}
				if ok && !open.Until.After(at) {
					t.Fatalf("the open lease of %s is good until %s", at, open.Until)
				}
			}
		}
	}
	if none == 0 || some == 0 {
		t.Errorf("%d times none was open and %d times one: that tells nothing apart", none, some)
	}
}

func TestALeaseThatIsBeingTakenIsNotHandedOut(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	p.sync(t, append(reading("a/", start, end), reading("b/", start.Add(time.Hour), end.Add(time.Hour))...)...)
	at := start.Add(2 * time.Hour)
	both, ok, err := p.Open(t.Context(), "ada", at)
	if err != nil || !ok || !p.s3.HandsOut(both.RoleARN, "s3:GetObject", "data", "a/x") || !p.s3.HandsOut(both.RoleARN, "s3:GetObject", "data", "b/x") {
		t.Fatalf("the lease of both is %v, %t, %v", both, ok, err)
	}
	name := both.RoleARN[strings.LastIndex(both.RoleARN, "/")+1:]
	client := sdk.NewFromConfig(config(p.iam.Endpoint))
	if _, err := client.DeleteRolePolicy(context.Background(), &sdk.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String("gate")}); err != nil {
		t.Fatal(err)
	}
	other, ok, err := p.Open(t.Context(), "ada", at)
	if err != nil || !ok || other.RoleARN == both.RoleARN {
		t.Errorf("its gate is closed, and handed out is %v, %t, %v", other, ok, err)
	}
	if _, ok, err := p.Open(t.Context(), "bob", at); ok || err != nil {
		t.Errorf("somebody without a lease: %t, %v", ok, err)
	}
}

func TestAnotherLeaseIsTakenOnAsItOpens(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	later := start.Add(48 * time.Hour)
	p.sync(t, append(reading("a/", start, end), reading("b/", later, end)...)...)
	for at, want := range map[time.Time]time.Time{start: later, later: end.Add(-lease.Life)} {
		if open, ok, err := p.Open(t.Context(), "ada", at); err != nil || !ok || !open.Until.Equal(want) {
			t.Errorf("at %s it is good until %s and not %s, %t, %v", at, open.Until, want, ok, err)
		}
	}
}
