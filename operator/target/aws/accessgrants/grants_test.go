package accessgrants_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/accessgrants"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/s3control"
)

var (
	start = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	opts  = role.Options{
		Platform: "reef", ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef",
		BoundaryARN: "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
	}
	words = map[grant.Action]string{
		grant.Read: "s3:GetObject", grant.List: "s3:ListBucket", grant.Write: "s3:PutObject", grant.Delete: "s3:DeleteObject",
	}
)

// platform is the operator's side and AWS's.
type platform struct {
	iam *iam.Server
	s3  *fake.Server
	*lease.Grants[accessgrants.Permission]
}

func config(endpoint string) aws.Config {
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		Retryer: func() aws.Retryer {
			return retry.AddWithMaxBackoffDelay(retry.AddWithMaxAttempts(retry.NewStandard(), 8), time.Millisecond)
		},
	}
}

func (p *platform) config() aws.Config {
	c := config(p.s3.Endpoint)
	c.HTTPClient = p.s3.Client
	return c
}

func (p *platform) grants(t *testing.T) *lease.Grants[accessgrants.Permission] {
	t.Helper()
	people, err := role.NewGrants(config(p.iam.Endpoint), opts)
	if err != nil {
		t.Fatal(err)
	}
	patience := wait.Backoff{Duration: 2 * time.Millisecond, Factor: 2, Steps: 11}
	service, err := accessgrants.New(p.config(), opts, accessgrants.Options{Bucket: "data", Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	g, err := lease.New(config(p.iam.Endpoint), opts, people, service)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func begin(t *testing.T, i iam.Options, s fake.Options) *platform {
	t.Helper()
	i.Boundary = opts.BoundaryARN
	p := &platform{iam: iam.Start(t, i)}
	s.Known = p.iam.Known
	p.s3 = fake.Start(t, s)
	p.Grants = p.grants(t)
	return p
}

// below are atoms of actions below a prefix.
func below(prefix string, from, until time.Time, actions ...grant.Action) (atoms []grant.Atom) {
	for _, action := range actions {
		atoms = append(atoms, grant.Atom{
			Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: action, Grant: "g",
			Selector: grant.Selector{Objects: &grant.Objects{Bucket: "data", Prefix: prefix}},
			Window:   grant.Window{From: from, Until: until},
		})
	}
	return atoms
}

func reading(prefix string, from, until time.Time) []grant.Atom {
	return below(prefix, from, until, grant.Read, grant.List)
}

func (p *platform) sync(t *testing.T, atoms ...grant.Atom) {
	t.Helper()
	if err := p.Sync(context.Background(), target.Access{"ada": atoms}); err != nil {
		t.Fatal(err)
	}
}

// may says whether credentials are handed out to a person at a time with which they may do something.
func (p *platform) may(slug string, action grant.Action, bucket, key string, at time.Time) bool {
	return slices.ContainsFunc(p.iam.Roles("/atoll/reef/leases/objects/person-"+slug+"/"), func(arn string) bool {
		return p.iam.Allowed(arn[strings.LastIndex(arn, "/")+1:], iam.Request{
			Action: "s3:GetDataAccess", Resource: "arn:aws:s3:eu-central-1:123456789012:access-grants/default", At: at,
		}) && p.s3.HandsOut(arn, words[action], bucket, key)
	})
}

func allowed(atoms []grant.Atom, action grant.Action, bucket, key string, at time.Time) bool {
	return grant.Evaluate(atoms, grant.Request{Person: "ada", Action: action, Bucket: bucket, Key: key, At: at}).Allowed
}

func early(atoms []grant.Atom) (all []grant.Atom) {
	for _, a := range atoms {
		a.Window.Until = a.Window.Until.Add(-lease.Life)
		all = append(all, a)
	}
	return all
}

func TestGrantsMeanWhatTheModelMeans(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var asked, yes int
	for range 40 {
		var atoms []grant.Atom
		for range 1 + r.IntN(4) {
			from := start.Add(time.Duration(r.IntN(5)) * time.Hour)
			actions := [][]grant.Action{{grant.Read, grant.List}, {grant.Write, grant.Delete}, {grant.Read, grant.List, grant.Write, grant.Delete}}[r.IntN(3)]
			atoms = append(atoms, below(pick("", "a/", "a/b/", "a b/", "c/"), from, from.Add(time.Duration(2+r.IntN(4))*time.Hour), actions...)...)
		}
		p.sync(t, atoms...)
		for _, edge := range atoms {
			for _, at := range []time.Time{
				edge.Window.From.Add(-time.Second), edge.Window.From, edge.Window.Until.Add(-lease.Life - time.Second),
				edge.Window.Until.Add(-lease.Life), edge.Window.Until,
			} {
				action := grant.Action(pick("Read", "List", "Write", "Delete"))
				bucket, key := pick("data", "data", "other"), pick("x", "a/x", "a/b/x", "a b/x", "c/", "ab", "a")
				got := p.may("ada", action, bucket, key, at)
				if want := allowed(early(atoms), action, bucket, key, at); got != want {
					t.Fatalf("%s %s/%s at %s: %t, and the model says %t: %+v", action, bucket, key, at, got, want, atoms)
				}
				asked++
				if !got {
					continue
				}
				yes++
				if !allowed(atoms, action, bucket, key, at.Add(lease.Life-time.Second)) {
					t.Fatalf("what is handed out at %s outlives the grant: %+v", at, atoms)
				}
			}
		}
	}
	t.Logf("%d questions, %d of them allowed", asked, yes)
	if yes == 0 || yes == asked {
		t.Error("the questions tell nothing apart")
	}
}

func TestWhatCannotBeSaid(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	for want, atoms := range map[string][]grant.Atom{
		"gives Read and List together":    below("a/", start, end, grant.Read),
		"gives Write and Delete together": below("a/", start, end, grant.Write),
		"as something else":               reading("a*/", start, end),
		"2000 characters":                 reading(strings.Repeat("x", 2000)+"/", start, end),
		"no longer than":                  reading("a/", start, start.Add(time.Hour)),
		"40 at the most":                  slices.Concat(spread(lease.Limit + 1)...),
	} {
		if err := p.Fits(target.Access{"ada": atoms}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := p.Fits(target.Access{"ada": slices.Concat(spread(lease.Limit)...)}); err != nil {
		t.Errorf("as many windows as fit: %v", err)
	}
	if log := p.s3.Log(); len(log) != 0 {
		t.Errorf("what does not fit was begun: %v", log)
	}
}

// spread are grants with windows that have nothing in common.
func spread(n int) (all [][]grant.Atom) {
	for i := range n {
		from := start.Add(time.Duration(i) * 3 * time.Hour)
		all = append(all, reading("a/", from, from.Add(2*time.Hour)))
	}
	return all
}

// many are grants of so many prefixes in one window.
func many(n int) (atoms []grant.Atom) {
	for i := range n {
		atoms = append(atoms, reading(fmt.Sprintf("%02d/", i), start, end)...)
	}
	return atoms
}

func TestThrottlingAndRolesThatAreNew(t *testing.T) {
	p := begin(t, iam.Options{Throttle: 2, Lag: 20 * time.Millisecond}, fake.Options{Throttle: 2})
	p.sync(t, many(20)...)
	if p.s3.Throttled() == 0 || p.iam.Throttled() == 0 {
		t.Error("nothing was throttled")
	}
	for i := range 20 {
		if !p.may("ada", grant.Read, "data", fmt.Sprintf("%02d/x", i), start) {
			t.Fatalf("%d is not there", i)
		}
	}
}

func TestAnInstanceThatIsFull(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{Limit: 4})
	p.sync(t, many(4)...)
	other := slices.Concat(many(4)[2:], reading("new/", start, end))
	// The room is that of the one that goes: it shares nothing, so it goes first.
	p.sync(t, other...)
	if err := p.Sync(context.Background(), target.Access{"ada": append(other, reading("one-more/", start, end)...)}); err == nil ||
		!strings.Contains(err.Error(), "AccessGrantsLimitExceeded") {
		t.Errorf("one over: %v", err)
	}
	for _, key := range []string{"01/x", "02/x", "03/x", "new/x"} {
		if !p.may("ada", grant.Read, "data", key, start) {
			t.Errorf("%s is gone", key)
		}
	}
}
