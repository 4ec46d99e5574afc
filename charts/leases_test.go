package charts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/test/fake/iam"
)

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
