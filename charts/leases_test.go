package charts_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	clientfake "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/atoll-platform/atoll/internal/grant"
	broker "github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/lakeformation"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/test/fake/iam"
	lakefake "github.com/atoll-platform/atoll/test/fake/lakeformation"
	"github.com/atoll-platform/atoll/test/fake/sts"
)

const (
	region      = "eu-central-1"
	boundaryARN = "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary"
)

// onAWS are the values of the operator's chart on AWS.
var onAWS = map[string]any{
	"credentials": map[string]any{"enabled": false},
	"objectStore": map[string]any{"endpoint": "", "iamEndpoint": "", "region": region, "credentialsSecret": ""},
	"aws": map[string]any{
		"platform": "reef", "clusterARN": "arn:aws:eks:eu-central-1:123456789012:cluster/reef", "boundaryARN": boundaryARN,
		"lakeFormationCatalog": "lake", "accessGrantsBucket": "reef-data", "egress": []any{"52.219.0.0/20:443"},
	},
}

// boundary of people's roles and their leases, as modules/identity has it: each session takes on the leases of its own person.
const boundary = `{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": "lakeformation:GetDataAccess", "Resource": "*"},
	{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": [
		"arn:aws:iam::123456789012:role/atoll/reef/leases/tables/${aws:PrincipalTag/kubernetes-service-account}/*",
		"arn:aws:iam::123456789012:role/atoll/reef/leases/objects/${aws:PrincipalTag/kubernetes-service-account}/*"]}]}`

// lagoon is AWS with two people's roles and leases, and the operator beside it.
type lagoon struct {
	t      *testing.T
	iam    *iam.Server
	sts    *sts.Server
	opts   role.Options
	grants *lease.Grants[lakeformation.Permission]
	broker string
	files  map[string]string
}

func newLagoon(t *testing.T) *lagoon {
	t.Helper()
	l := &lagoon{t: t, iam: iam.Start(t, iam.Options{Boundary: boundaryARN, BoundaryDocument: boundary})}
	l.opts = role.Options{Platform: "reef", ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef", BoundaryARN: boundaryARN}
	l.sts = sts.Start(t, l.iam, sts.Options{Region: region})
	lake := lakefake.Start(t, lakefake.Options{
		Known: l.iam.Known, Tables: map[string]map[string]string{"sales.orders": {"id": "bigint"}, "sales.refunds": {"id": "bigint"}},
	})
	to := func(endpoint string) aws.Config {
		return aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
	}
	people, err := role.NewGrants(to(l.iam.Endpoint), l.opts)
	if err != nil {
		t.Fatal(err)
	}
	service, err := lakeformation.New(to(lake.Endpoint), l.opts, lakeformation.Options{Catalog: "lake"})
	if err != nil {
		t.Fatal(err)
	}
	if l.grants, err = lease.New(to(l.iam.Endpoint), l.opts, people, service); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"ada", "bob"} {
		if _, err := people.Ensure(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(&broker.Broker{
		Client: reviewer(), Log: logr.Discard(),
		Givers: map[string]broker.Giver{broker.LeasePath("tables"): &broker.Assumed{Leases: l.grants, Clock: clock.RealClock{}}},
	})
	t.Cleanup(server.Close)
	l.broker = server.URL
	l.files = dataAccess(t, onAWS)
	return l
}

// reviewer knows the tokens "token-<person>" of the servers of people.
func reviewer() client.Client {
	return clientfake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, obj client.Object, _ ...client.CreateOption) error {
			review := obj.(*authenticationv1.TokenReview) //nolint:forcetypeassert // nothing else is created
			if name, ok := strings.CutPrefix(review.Spec.Token, "token-"); ok && slices.Contains(review.Spec.Audiences, broker.Audience) {
				review.Status = authenticationv1.TokenReviewStatus{
					Authenticated: true, Audiences: []string{broker.Audience},
					User: authenticationv1.UserInfo{Username: "system:serviceaccount:ws-fraud:person-" + name},
				}
			}
			return nil
		},
	}).Build()
}

// granted gives a person a table until a time.
func (l *lagoon) granted(user string, from, until time.Time) []grant.Atom {
	l.t.Helper()
	atoms := []grant.Atom{{
		Subject: grant.Subject{Kind: grant.User, Name: user}, Action: grant.Select, Grant: "g",
		Selector: grant.Selector{Part: &grant.Part{Table: grant.Table{Catalog: "lake", Schema: "sales", Table: "orders"}}},
		Window:   grant.Window{From: from.UTC().Truncate(time.Second), Until: until.UTC().Truncate(time.Second)},
	}}
	if err := l.grants.Sync(l.t.Context(), target.Access{user: atoms}); err != nil {
		l.t.Fatal(err)
	}
	return atoms
}

// pod is what a server of a person has of the platform's and of EKS's.
type pod struct {
	folder string
	env    []string
}

func (l *lagoon) pod(user string) pod {
	l.t.Helper()
	p := pod{folder: l.t.TempDir()}
	agentToken := filepath.Join(l.t.TempDir(), "eks-pod-identity-token")
	files := map[string]string{agentToken: "agent-" + user, filepath.Join(p.folder, "token"): "token-" + user}
	for name, text := range l.files {
		text = strings.ReplaceAll(text, "http://credentials.atoll-directory.svc:8090", l.broker)
		files[filepath.Join(p.folder, name)] = strings.ReplaceAll(text, "/run/atoll-data", p.folder)
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
			l.t.Fatal(err)
		}
	}
	p.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.folder, "HOSTNAME=jupyter-" + user, "AWS_CONFIG_FILE=" + filepath.Join(p.folder, "config"),
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + l.sts.Pod("agent-"+user, l.opts.ARN(user), "ws-fraud", "person-"+user, "jupyter-"+user),
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + agentToken, "AWS_ENDPOINT_URL_STS=" + l.sts.Endpoint,
	}
	return p
}

// given is what the program prints.
type given struct {
	Version                                   int
	AccessKeyID                               string `json:"AccessKeyId"`
	SecretAccessKey, SessionToken, Expiration string
}

func (l *lagoon) ask(p pod) (g given, complaint string) {
	l.t.Helper()
	var out, problems strings.Builder
	cmd := exec.CommandContext(l.t.Context(), "python3", filepath.Join(p.folder, "credentials.py"), "tables")
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &out, &problems
	if err := cmd.Run(); err != nil {
		if out.Len() > 0 || problems.Len() == 0 || strings.Contains(problems.String(), "Traceback") {
			l.t.Fatalf("it printed %q and complained %q: %v", out.String(), problems.String(), err)
		}
		return g, strings.TrimSpace(problems.String())
	}
	if err := json.Unmarshal([]byte(out.String()), &g); err != nil {
		l.t.Fatalf("%v: %s", err, out.String())
	}
	return g, ""
}

// reaches says whether Lake Formation may hand data out by the session.
func (l *lagoon) reaches(g given, at time.Time) bool {
	s := l.sts.Session(g.AccessKeyID)
	return s != nil && g.SecretAccessKey == s.Secret && g.SessionToken == s.Token && at.Before(s.End) &&
		l.iam.Allowed(s.RoleARN[strings.LastIndex(s.RoleARN, "/")+1:], iam.Request{Action: "lakeformation:GetDataAccess", Resource: "*", At: at})
}

const nothing = "Nothing is granted to you at the moment. Ask the owner of the data for a grant."

func TestALeaseInAServer(t *testing.T) {
	for name, tt := range map[string]struct {
		from, until time.Duration
		complains   string
		// asked is what the session lasts.
		asked time.Duration
	}{
		"before":              {2 * time.Hour, 9 * time.Hour, nothing, 0},
		"inside":              {-time.Hour, 48 * time.Hour, "", time.Hour},
		"close to the end":    {-3 * time.Hour, 90 * time.Minute, "", 30 * time.Minute},
		"minutes to the end":  {-3 * time.Hour, 65 * time.Minute, "", 15 * time.Minute},
		"after the gate shut": {-3 * time.Hour, 59 * time.Minute, nothing, 0},
		"after":               {-9 * time.Hour, -time.Hour, nothing, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLagoon(t)
			now := time.Now()
			end := now.Add(tt.until)
			l.granted("ada", now.Add(tt.from), end)
			got, complaint := l.ask(l.pod("ada"))
			if complaint != tt.complains {
				t.Fatalf("it complained %q", complaint)
			}
			if tt.complains != "" {
				return
			}
			session := l.sts.Session(got.AccessKeyID)
			gate := end.Add(-lease.Life)
			until, err := time.Parse(time.RFC3339, got.Expiration)
			if err != nil || got.Version != 1 || session == nil || session.Name != "jupyter-ada" {
				t.Fatalf("it printed %+v, %v, of the session %+v", got, err, session)
			}
			if until.After(gate) || until.After(session.End) || session.End.After(end) {
				t.Errorf("credentials are good until %s, of a session until %s; the gate closes at %s and the grant ends at %s", until, session.End, gate, end)
			}
			// The program takes a moment, which a session must not outlive the window for.
			if lasts := session.End.Sub(session.Began); lasts > tt.asked || lasts < min(tt.asked-10*time.Minute, time.Hour) || lasts < 15*time.Minute {
				t.Errorf("the session lasts %s, and not %s", lasts, tt.asked)
			}
			if !l.reaches(got, session.Began) || l.reaches(got, gate) || l.reaches(got, gate.Add(time.Second)) {
				t.Errorf("data is reached at the beginning: %t, as the gate closes: %t", l.reaches(got, session.Began), l.reaches(got, gate))
			}
		})
	}
}

func TestALeaseIsItsPersons(t *testing.T) {
	l := newLagoon(t)
	now := time.Now()
	l.granted("ada", now.Add(-time.Hour), now.Add(48*time.Hour))
	if _, complaint := l.ask(l.pod("bob")); complaint != nothing {
		t.Errorf("bob, who is granted nothing, heard %q", complaint)
	}
	// He has got hold of her token of the platform, and knows so which role it is.
	thief := l.pod("bob")
	if err := os.Chmod(filepath.Join(thief.folder, "token"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(thief.folder, "token"), []byte("token-ada"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, complaint := l.ask(thief); !strings.Contains(complaint, "person-bob is not authorized to perform: sts:AssumeRole") {
		t.Errorf("bob, who wants ada's lease, heard %q", complaint)
	}
	if _, complaint := l.ask(l.pod("ada")); complaint != "" {
		t.Errorf("ada heard %q", complaint)
	}
	without := l.pod("ada")
	without.env = slices.DeleteFunc(without.env, func(v string) bool { return strings.HasPrefix(v, "AWS_CONTAINER_CREDENTIALS") })
	if _, complaint := l.ask(without); !strings.Contains(complaint, "does not have your role") {
		t.Errorf("in a pod without a role it complained %q", complaint)
	}
}

// TestTheBoundaryKeepsPeopleToTheirLeases has somebody widen the trust policy of a lease.
func TestTheBoundaryKeepsPeopleToTheirLeases(t *testing.T) {
	l := newLagoon(t)
	now := time.Now()
	l.granted("ada", now.Add(-time.Hour), now.Add(48*time.Hour))
	hers := l.iam.Roles("/atoll/reef/leases/tables/person-ada/")[0]
	bob := iam.Principal{RoleARN: l.opts.ARN("bob"), Tags: map[string]string{"kubernetes-service-account": "person-bob"}}
	l.iam.Trust(hers, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Principal": {"AWS": ["`+l.opts.ARN("ada")+`", "`+l.opts.ARN("bob")+`"]}}]}`)
	ada := iam.Principal{RoleARN: l.opts.ARN("ada"), Tags: map[string]string{"kubernetes-service-account": "person-ada"}}
	if _, ok := l.iam.Assumable(hers, ada, now); !ok {
		t.Error("ada cannot take her own lease on")
	}
	if _, ok := l.iam.Assumable(hers, bob, now); ok {
		t.Error("bob can take ada's lease on")
	}
}

// TestSDKsTakeLeasesOn has an SDK of AWS find its way by the files alone, and looks for what is left behind.
func TestSDKsTakeLeasesOn(t *testing.T) {
	l := newLagoon(t)
	now := time.Now()
	l.granted("ada", now.Add(-time.Hour), now.Add(48*time.Hour))
	p := l.pod("ada")
	for _, v := range p.env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	before := listing(t, p.folder)
	found, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("tables"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := found.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	session := l.sts.Session(keys.AccessKeyID)
	if session == nil || !strings.Contains(session.RoleARN, "/leases/tables/person-ada/") || !keys.CanExpire || found.Region != region {
		t.Errorf("the profile tables has %+v in %s, of %+v", keys.Source, found.Region, session)
	}
	if after := listing(t, p.folder); !slices.Equal(before, after) {
		t.Errorf("files were %v and are %v", before, after)
	}
	for _, text := range append(os.Environ(), contents(t, p.folder)...) {
		if strings.Contains(text, session.Secret) || strings.Contains(text, session.Token) || strings.Contains(text, keys.AccessKeyID) {
			t.Errorf("what is secret stands in %q", text)
		}
	}
	// The person's own role stays what everything else is done by.
	own, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err = own.Credentials.Retrieve(t.Context())
	if err != nil || l.sts.Session(keys.AccessKeyID).RoleARN != l.opts.ARN("ada") {
		t.Errorf("without a profile it is %+v, %v", keys.Source, err)
	}
}

func listing(t *testing.T, folder string) (names []string) {
	t.Helper()
	if err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

func contents(t *testing.T, folder string) (texts []string) {
	t.Helper()
	for _, path := range listing(t, folder) {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(raw))
	}
	return texts
}
