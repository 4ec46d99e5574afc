package role_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/test/fake/iam"
)

var (
	start = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	opts  = role.Options{
		Platform: "reef", ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef",
		BoundaryARN: "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
		Encrypted:   true,
	}
)

func config(s *iam.Server) aws.Config {
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: &s.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		Retryer: func() aws.Retryer { return retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Millisecond) },
	}
}

// grants is the target as a process has it that began just now.
func grants(t *testing.T, s *iam.Server) *role.Grants {
	t.Helper()
	g, err := role.NewGrants(config(s), opts)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func begin(t *testing.T, o iam.Options) (*iam.Server, *role.Grants) {
	t.Helper()
	o.Boundary = opts.BoundaryARN
	s := iam.Start(t, o)
	return s, grants(t, s)
}

func reading(prefix string, from, until time.Time) grant.Atom {
	return grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Read, Grant: "g",
		Selector: grant.Selector{Objects: &grant.Objects{Bucket: "data", Prefix: prefix}},
		Window:   grant.Window{From: from, Until: until},
	}
}

func sync(t *testing.T, g *role.Grants, atoms ...grant.Atom) {
	t.Helper()
	if err := g.Sync(context.Background(), target.Access{"ada": atoms}); err != nil {
		t.Fatal(err)
	}
}

// may asks the policies of the role whether it may do something to an object, or list below a prefix.
func may(s *iam.Server, user string, action grant.Action, bucket, key string, at time.Time) bool {
	req := iam.Request{At: at, Action: map[grant.Action]string{
		grant.Read: "s3:GetObject", grant.Write: "s3:PutObject", grant.Delete: "s3:DeleteObject", grant.List: "s3:ListBucket",
	}[action]}
	req.Resource, req.Prefix = "arn:aws:s3:::"+bucket+"/"+key, ""
	if action == grant.List {
		req.Resource, req.Prefix = "arn:aws:s3:::"+bucket, key
	}
	return s.Allowed(opts.Name(user), req)
}

func TestAccessEndsByTheClockOfAWS(t *testing.T) {
	s, g := begin(t, iam.Options{})
	sync(t, g, reading("a/", start, end))
	for _, tt := range []struct {
		what, user, key string
		action          grant.Action
		at              time.Time
		want            bool
	}{
		{"before", "ada", "a/x", grant.Read, start.Add(-time.Second), false},
		{"at the start", "ada", "a/x", grant.Read, start, true},
		{"at last", "ada", "a/x", grant.Read, end.Add(-time.Second), true},
		{"at the end", "ada", "a/x", grant.Read, end, false},
		{"another prefix", "ada", "b/x", grant.Read, start, false},
		{"a prefix that begins alike", "ada", "ab", grant.Read, start, false},
		{"another action", "ada", "a/x", grant.Write, start, false},
		{"another person", "bob", "a/x", grant.Read, start, false},
	} {
		if got := may(s, tt.user, tt.action, "data", tt.key, tt.at); got != tt.want {
			t.Errorf("%s: %t", tt.what, got)
		}
	}
	writes := s.Calls("PutRolePolicy")
	sync(t, g, reading("a/", start, end))
	if s.Calls("PutRolePolicy") != writes {
		t.Error("what is there already is written again")
	}
	sync(t, g)
	if may(s, "ada", grant.Read, "data", "a/x", start) {
		t.Error("it may read what nobody is granted any more")
	}
}

func TestPoliciesMeanWhatTheModelMeans(t *testing.T) {
	s, g := begin(t, iam.Options{})
	r := rand.New(rand.NewPCG(5, 6))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	prefixes := []string{"", "a/", "a/b/", "a b/", "c/"}
	for range 60 {
		var atoms []grant.Atom
		for range r.IntN(7) {
			from := start.Add(time.Duration(r.IntN(5)) * time.Hour)
			a := reading(pick(prefixes...), from, from.Add(time.Duration(1+r.IntN(4))*time.Hour))
			a.Action = grant.Action(pick("Read", "List", "Write", "Delete"))
			a.Selector.Objects.Bucket = pick("data", "other")
			atoms = append(atoms, a)
		}
		sync(t, g, atoms...)
		for _, edge := range append(atoms, reading("", start, end)) {
			for _, at := range []time.Time{
				edge.Window.From.Add(-time.Second), edge.Window.From, edge.Window.Until.Add(-time.Second), edge.Window.Until,
				edge.Window.Until.Add(time.Second),
			} {
				for _, action := range []grant.Action{grant.Read, grant.List, grant.Write, grant.Delete} {
					bucket, key := pick("data", "other"), pick("x", "a/x", "a/b/x", "a b/x", "c/", "ab", "a")
					want := grant.Evaluate(atoms, grant.Request{Person: "ada", Action: action, Bucket: bucket, Key: key, At: at}).Allowed
					if got := may(s, "ada", action, bucket, key, at); got != want {
						t.Fatalf("%s %s/%s at %s: %t, and the model says %t: %+v", action, bucket, key, at, got, want, atoms)
					}
				}
			}
		}
	}
}

// wide are grants that need so many characters of policies, one by one.
func wide(n int) (atoms []grant.Atom) {
	for i := range n {
		atoms = append(atoms, reading(fmt.Sprintf("%03d-%s/", i, strings.Repeat("x", 400)), start, end.Add(time.Duration(i)*time.Hour)))
	}
	return atoms
}

// most is how many of wide fit.
func most(t *testing.T, g *role.Grants) int {
	t.Helper()
	n := 1
	for g.Fits(target.Access{"ada": wide(n + 1)}) == nil {
		n++
	}
	return n
}

func TestAtTheLimitAndOneOver(t *testing.T) {
	s, g := begin(t, iam.Options{})
	n := most(t, g)
	if n < 80 {
		t.Fatalf("only %d statements fit", n)
	}
	sync(t, g, wide(n)...)
	for _, a := range wide(n) {
		if !may(s, "ada", grant.Read, "data", a.Selector.Objects.Prefix+"x", a.Window.Until.Add(-time.Second)) {
			t.Fatalf("%s is not there", a.Selector.Objects.Prefix)
		}
	}
	calls := s.Calls("PutRolePolicy") + s.Calls("CreatePolicy") + s.Calls("CreatePolicyVersion")
	err := g.Sync(context.Background(), target.Access{"ada": wide(n + 1)})
	var large *policy.TooLargeError
	if !errors.As(err, &large) || !strings.Contains(err.Error(), "ada") {
		t.Errorf("one over the limit: %v", err)
	}
	if after := s.Calls("PutRolePolicy") + s.Calls("CreatePolicy") + s.Calls("CreatePolicyVersion"); after != calls {
		t.Errorf("%d writes of what does not fit", after-calls)
	}
	// All windows move at once, in policies that are full.
	moved := wide(n)
	for i := range moved {
		moved[i].Window.Until = moved[i].Window.Until.Add(24 * time.Hour)
	}
	sync(t, g, moved...)
	sync(t, g)
	if may(s, "ada", grant.Read, "data", moved[0].Selector.Objects.Prefix+"x", start) {
		t.Error("full policies are not taken away")
	}
}

func TestThrottling(t *testing.T) {
	s, g := begin(t, iam.Options{Throttle: 2})
	sync(t, g, wide(40)...)
	if s.Throttled() == 0 {
		t.Error("nothing was throttled")
	}
	for _, a := range wide(40) {
		if !may(s, "ada", grant.Read, "data", a.Selector.Objects.Prefix+"x", start) {
			t.Fatalf("%s is not there", a.Selector.Objects.Prefix)
		}
	}
}

// TestHalfAppliedChangeIsRetried breaks a change off at each of its writes, in processes that go on and in ones that begin anew, while
// somebody looks at the policies all the time.
func TestHalfAppliedChangeIsRetried(t *testing.T) {
	before, after := wide(60), wide(60)
	for i := range after {
		after[i].Window.Until = after[i].Window.Until.Add(24 * time.Hour)
	}
	after = after[20:]
	for stop := 1; stop < 100; stop += 5 {
		s, g := begin(t, iam.Options{Lag: 20 * time.Millisecond})
		sync(t, g, before...)
		done := watch(t, s, before, after)
		writes := 0
		s.Fail(func(action string) bool {
			if strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List") {
				return false
			}
			writes++
			return writes > stop
		})
		err := g.Sync(context.Background(), target.Access{"ada": after})
		s.Fail(nil)
		if stop%2 == 0 {
			time.Sleep(25 * time.Millisecond) // Longer than reads are behind, as the lease of the next process is.
			g = grants(t, s)
		}
		sync(t, g, after...)
		done()
		for i, a := range before {
			prefix := a.Selector.Objects.Prefix
			if got, want := may(s, "ada", grant.Read, "data", prefix+"x", start), i >= 20; got != want {
				t.Fatalf("stopped after %d writes: %s is %t", stop, prefix, got)
			}
		}
		if err == nil {
			return
		}
	}
	t.Fatal("the change never came to its end")
}

// watch looks at each prefix, again and again, until it is told to stop: what is granted before and after is there at every moment,
// and what is granted in neither never is.
func watch(t *testing.T, s *iam.Server, before, after []grant.Atom) (stop func()) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan int)
	go func() {
		looks := 0
		defer func() { ended <- looks }()
		for {
			for _, a := range append(before[:len(before):len(before)], after...) {
				select {
				case <-end:
					return
				default:
				}
				key := a.Selector.Objects.Prefix + "x"
				for _, at := range []time.Time{a.Window.From, a.Window.Until.Add(-time.Second), a.Window.Until} {
					req := grant.Request{Person: "ada", Action: grant.Read, Bucket: "data", Key: key, At: at}
					first, last := grant.Evaluate(before, req).Allowed, grant.Evaluate(after, req).Allowed
					if got := may(s, "ada", grant.Read, "data", key, at); got != first && got != last {
						t.Errorf("%s at %s: %t, and it was %t and becomes %t", key[:4], at, got, first, last)
						return
					}
					looks++
				}
			}
		}
	}()
	return func() {
		close(end)
		if <-ended == 0 {
			t.Error("nobody looked")
		}
	}
}

func TestRolesAreOfOnePersonAndBounded(t *testing.T) {
	s, g := begin(t, iam.Options{})
	sync(t, g, reading("a/", start, end))
	out, err := sdk.NewFromConfig(config(s)).GetRole(context.Background(), &sdk.GetRoleInput{RoleName: aws.String(opts.Name("ada"))})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.Role.Arn); got != "arn:aws:iam::123456789012:role/atoll/reef/grants/reef-person-ada" || got != opts.ARN("ada") {
		t.Errorf("the role is %s", got)
	}
	if got := aws.ToString(out.Role.PermissionsBoundary.PermissionsBoundaryArn); got != opts.BoundaryARN {
		t.Errorf("the boundary is %s", got)
	}
	trust := aws.ToString(out.Role.AssumeRolePolicyDocument)
	for _, part := range []string{"person-ada", "pods.eks.amazonaws.com", "cluster%2Freef", "ws-%2A"} {
		if !strings.Contains(trust, part) {
			t.Errorf("%s does not say %s", trust, part)
		}
	}
	long := role.Options{Platform: strings.Repeat("p", 30)}
	if got := long.Name(strings.Repeat("u", 40)); len(got) > 64 || got == long.Name(strings.Repeat("u", 39)+"v") {
		t.Errorf("the name of a role is %s", got)
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	for what, change := range map[string]func(*role.Options){
		"platform": func(o *role.Options) { o.Platform = "Reef" },
		"cluster":  func(o *role.Options) { o.ClusterARN = "reef" },
		"boundary": func(o *role.Options) { o.BoundaryARN = "" },
	} {
		o := opts
		change(&o)
		if _, err := role.NewGrants(aws.Config{}, o); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "set it like") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsHandedOutIsInNoPolicy(t *testing.T) {
	s, g := begin(t, iam.Options{})
	elsewhere := reading("a/", start, end)
	elsewhere.Selector.Objects.Bucket = "other"
	sync(t, g, reading("a/", start, end), elsewhere)
	out := opts
	out.HandedOut = "data"
	// A process that begins now takes back what an earlier one wrote.
	g, err := role.NewGrants(config(s), out)
	if err != nil {
		t.Fatal(err)
	}
	if g.Takes(grant.Dataset{Objects: &grant.Objects{Bucket: "data"}}) || !g.Takes(grant.Dataset{Objects: &grant.Objects{Bucket: "other"}}) {
		t.Error("it takes the bucket that is handed out, or not the other one")
	}
	sync(t, g, reading("a/", start, end), elsewhere)
	if may(s, "ada", grant.Read, "data", "a/x", start) || !may(s, "ada", grant.Read, "other", "a/x", start) {
		t.Error("what is handed out is in a policy too, or what is not is in none")
	}
}
