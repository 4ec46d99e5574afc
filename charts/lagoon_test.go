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
