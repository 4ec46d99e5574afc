package lakeformation_test

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
	"github.com/atoll-platform/atoll/operator/target/aws/lakeformation"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/lakeformation"
)

var (
	start = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	opts  = role.Options{
		Platform: "reef", ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef",
		BoundaryARN: "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
	}
	columns = map[string]string{"id": "bigint", "region": "string", "product": "string", "amount": "double"}
)

// platform is the operator's side and AWS's.
type platform struct {
	iam *iam.Server
	lf  *fake.Server
	*lease.Grants[lakeformation.Permission]
}

func config(endpoint string) aws.Config {
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		Retryer: func() aws.Retryer {
			return retry.AddWithMaxBackoffDelay(retry.AddWithMaxAttempts(retry.NewStandard(), 8), time.Millisecond)
		},
	}
}

// both has requests to IAM and to Lake Formation go to their own servers.
func (p *platform) grants(t *testing.T) *lease.Grants[lakeformation.Permission] {
	t.Helper()
	people, err := role.NewGrants(config(p.iam.Endpoint), opts)
	if err != nil {
		t.Fatal(err)
	}
	patience := wait.Backoff{Duration: 2 * time.Millisecond, Factor: 2, Steps: 11}
	service, err := lakeformation.New(config(p.lf.Endpoint), opts, lakeformation.Options{Catalog: "lake", Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	g, err := lease.New(config(p.iam.Endpoint), opts, people, service)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func begin(t *testing.T, i iam.Options, l fake.Options) *platform {
	t.Helper()
	i.Boundary = opts.BoundaryARN
	p := &platform{iam: iam.Start(t, i)}
	l.Known = p.iam.Known
	l.Tables = map[string]map[string]string{"sales.orders": columns, "sales.refunds": columns}
	for n := range 60 {
		l.Tables[fmt.Sprintf("sales.t%02d", n)] = columns
	}
	p.lf = fake.Start(t, l)
	p.Grants = p.grants(t)
	return p
}

func selecting(table string, from, until time.Time) grant.Atom {
	return grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Select, Grant: "g",
		Selector: grant.Selector{Part: &grant.Part{Table: grant.Table{Catalog: "lake", Schema: "sales", Table: table}}},
		Window:   grant.Window{From: from, Until: until},
	}
}

func (p *platform) sync(t *testing.T, atoms ...grant.Atom) {
	t.Helper()
	if err := p.Sync(context.Background(), target.Access{"ada": atoms}); err != nil {
		t.Fatal(err)
	}
}

// open are the leases of a person whose gate is open.
func (p *platform) open(slug string, at time.Time) (arns []string) {
	for _, arn := range p.iam.Roles("/atoll/reef/leases/tables/person-" + slug + "/") {
		if p.iam.Allowed(arn[strings.LastIndex(arn, "/")+1:], iam.Request{Action: "lakeformation:GetDataAccess", Resource: "*", At: at}) {
			arns = append(arns, arn)
		}
	}
	return arns
}

// sees says whether credentials are handed out to a person with which the column of a row is seen.
func (p *platform) sees(slug, table, column string, row fake.Row, at time.Time) bool {
	return slices.ContainsFunc(p.open(slug, at), func(arn string) bool { return p.lf.Shows(arn, "sales."+table, column, row) })
}

// early are the atoms as credentials are handed out for them: not so late that they outlive the grant.
func early(atoms []grant.Atom) (all []grant.Atom) {
	for _, a := range atoms {
		a.Window.Until = a.Window.Until.Add(-lease.Life)
		all = append(all, a)
	}
	return all
}

func shown(atoms []grant.Atom, table, column string, row fake.Row, at time.Time) bool {
	d := grant.Evaluate(atoms, grant.Request{
		Person: "ada", Action: grant.Select, Table: &grant.Table{Catalog: "lake", Schema: "sales", Table: table}, Columns: []string{column}, At: at,
	})
	_, shown := d.Show(column, row)
	return d.Allowed && shown
}

func TestNothingIsHandedOutThatOutlivesTheGrant(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	p.sync(t, selecting("orders", start, end))
	for _, tt := range []struct {
		what, person, table string
		at                  time.Time
		want                bool
	}{
		{"before", "ada", "orders", start.Add(-time.Second), false},
		{"at the start", "ada", "orders", start, true},
		{"at last", "ada", "orders", end.Add(-lease.Life - time.Second), true},
		{"when credentials would live on", "ada", "orders", end.Add(-lease.Life), false},
		{"another table", "ada", "refunds", start, false},
		{"another person", "bob", "orders", start, false},
	} {
		if got := p.sees(tt.person, tt.table, "amount", nil, tt.at); got != tt.want {
			t.Errorf("%s: %t", tt.what, got)
		}
	}
	before := len(p.lf.Log())
	p.sync(t, selecting("orders", start, end))
	if after := p.lf.Log(); len(after) != before {
		t.Errorf("what is there already is written again: %v", after[before:])
	}
	p.sync(t)
	if roles := p.iam.Roles("/atoll/reef/leases/"); len(roles) != 0 || p.sees("ada", "orders", "id", nil, start) {
		t.Errorf("leases that nobody is granted are there still: %v", roles)
	}
}

// some are up to four grants of tables, their windows some hours long and near each other.
func some(r *rand.Rand) (atoms []grant.Atom) {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for i := range 1 + r.IntN(4) {
		from := start.Add(time.Duration(r.IntN(5)) * time.Hour)
		a := selecting(pick("orders", "refunds"), from, from.Add(time.Duration(2+r.IntN(4))*time.Hour))
		a.Grant = fmt.Sprintf("g-%d", i)
		if r.IntN(2) == 0 {
			a.Selector.Part.Columns = [][]string{{"id"}, {"amount", "id"}, {"product"}}[r.IntN(3)]
		}
		if r.IntN(2) == 0 {
			a.Selector.Part.Rows = grant.Rows{{Column: "region", Values: []string{pick("EU", "US", "it's"), "EU"}}}
		}
		atoms = append(atoms, a)
	}
	return atoms
}

func TestPermissionsMeanWhatTheModelMeans(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	rows := []fake.Row{{"region": "EU"}, {"region": "US"}, {"region": "it's"}, {}}
	var asked, allowed int
	for range 40 {
		atoms := some(r)
		p.sync(t, atoms...)
		for _, edge := range atoms {
			for _, at := range []time.Time{
				edge.Window.From.Add(-time.Second), edge.Window.From, edge.Window.Until.Add(-lease.Life - time.Second),
				edge.Window.Until.Add(-lease.Life), edge.Window.Until,
			} {
				table, column, row := []string{"orders", "refunds"}[r.IntN(2)], []string{"id", "amount", "product", "region"}[r.IntN(4)], rows[r.IntN(4)]
				want := shown(early(atoms), table, column, row, at)
				got := p.sees("ada", table, column, row, at)
				if got != want {
					t.Fatalf("%s.%s of %v at %s: %t, and the model says %t: %+v", table, column, row, at, got, want, atoms)
				}
				asked++
				if !got {
					continue
				}
				allowed++
				if !shown(atoms, table, column, row, at.Add(lease.Life-time.Second)) {
					t.Fatalf("what is handed out at %s outlives the grant: %+v", at, atoms)
				}
			}
		}
	}
	t.Logf("%d questions, %d of them allowed", asked, allowed)
	if allowed == 0 || allowed == asked {
		t.Error("the questions tell nothing apart")
	}
}

// TestTablesAreQueriedTogether asks that one lease has all that is granted at a time, whatever the windows.
func TestTablesAreQueriedTogether(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	p.sync(t, selecting("orders", start, start.Add(10*time.Hour)), selecting("refunds", start.Add(4*time.Hour), start.Add(20*time.Hour)))
	at := start.Add(6 * time.Hour)
	if !slices.ContainsFunc(p.open("ada", at), func(arn string) bool {
		return p.lf.Shows(arn, "sales.orders", "id", nil) && p.lf.Shows(arn, "sales.refunds", "id", nil)
	}) {
		t.Error("no lease has both tables")
	}
}
