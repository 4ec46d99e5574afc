package accessquery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/pgtest"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/accessquery"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/record"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// soon is how long a test waits for the operator.
const soon = time.Minute

var (
	admin client.Client
	// operator has the rights of the controllers, who alone may say what becomes of a grant.
	operator client.Client
	database pgtest.Server
	kept     *ledger.Ledger
	ghosts   = &places{}
)

// places is a target that finds what it is told to find.
type places struct {
	found []v1alpha1.GhostAccess
	err   error
}

func (*places) Name() v1alpha1.GrantTarget { return v1alpha1.TargetTrino }

func (p *places) Ghosts(context.Context) ([]v1alpha1.GhostAccess, error) { return p.found, p.err }

func TestMain(m *testing.M) {
	os.Exit(pgtest.Run(m, func(s pgtest.Server) { database = s }, "ledger ledger-owner ledger"))
}

// TestAccess runs the controllers with the rights of their chart against a real API server and a real database.
func TestAccess(t *testing.T) {
	server, err := apitest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	start(t, server)
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"questions that contradict themselves are refused", badQuestions},
		{"who can is answered from the ledger", whoCan},
		{"a question never changes", unchangeable},
		{"the future is not known", future},
		{"a group's members are not all known", group},
		{"what is gone is gone now and was there then", past},
		{"ghosts are told by target", ghost},
		{"a target that cannot be asked is no target without ghosts", deafTarget},
		{"what was deleted unseen is recorded after a start", unseen},
		{"nothing is said of a grant that nobody has judged", unjudged},
		{"the ledger is proved", proof},
		{"a tampered row is named, and nothing is answered from it", tampered},
	} {
		if !t.Run(part.name, part.run) {
			t.FailNow()
		}
	}
}

func start(t *testing.T, server *apitest.Server) {
	t.Helper()
	scheme, err := controller.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	if admin, err = client.New(server.Config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	if err := controllertest.InstallRights(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	if operator, err = client.New(controllertest.As(server.Config), client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	options := func(role string) ledger.Options {
		return ledger.Options{Host: database.Host, Port: database.Port, Database: "ledger", SSLMode: "disable", Credentials: database.Credentials(role)}
	}
	if err := ledger.Migrate(t.Context(), options("ledger-owner"), "ledger"); err != nil {
		t.Fatal(err)
	}
	if kept, err = ledger.Open(t.Context(), options("ledger")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kept.Close)
	// A dataset that was deleted while no operator ran.
	if err := kept.Record(t.Context(), ledger.Dataset{Name: "unseen", Owner: "olga"}); err != nil {
		t.Fatal(err)
	}
	mgr, err := manager.New(controllertest.As(server.Config), manager.Options{
		Scheme: scheme, Cache: controller.Cache(), Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		record.NewController(mgr.GetClient(), kept).Register(mgr),
		accessquery.NewController(mgr.GetClient(), accessquery.Options{
			Ledger: kept, Targets: []accessquery.Target{ghosts}, Keep: time.Minute, Clock: clock.RealClock{},
		}).Register(mgr),
	)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func eventually(t *testing.T, what string, check func() (bool, string)) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var ok bool
		if ok, last = check(); ok {
			return
		}
	}
	t.Fatalf("%s: not within %s: %s", what, soon, last)
}

// ask puts a question and returns it with its answer.
func ask(t *testing.T, spec v1alpha1.AccessQuerySpec) *v1alpha1.AccessQuery {
	t.Helper()
	q := &v1alpha1.AccessQuery{ObjectMeta: metav1.ObjectMeta{GenerateName: "q-"}, Spec: spec}
	if err := admin.Create(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an answer", func() (bool, string) {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(q), q); err != nil {
			t.Fatal(err)
		}
		return q.Status.ObservedGeneration > 0, "no answer"
	})
	return q
}

func reason(q *v1alpha1.AccessQuery) string {
	for _, c := range q.Status.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
		}
	}
	return "none"
}

func create(t *testing.T, obj client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// give makes a grant that the operator has admitted.
func give(t *testing.T, name string, kind v1alpha1.SubjectKind, subject string) *v1alpha1.DataGrant {
	t.Helper()
	dg := &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DataGrantSpec{
		Subject: v1alpha1.GrantSubject{Kind: kind, Name: subject}, Dataset: "exports", Actions: []v1alpha1.GrantAction{v1alpha1.ActionRead},
		NotBefore: v1alpha1.At(now().Add(-time.Hour)), NotAfter: v1alpha1.At(now().Add(time.Hour)), Ceiling: "C1",
		Purpose: "the report of the week", RequestedBy: "bob", ApprovedBy: []v1alpha1.UserName{"olga"},
	}}
	create(t, dg)
	dg.Status = v1alpha1.DataGrantStatus{ObservedGeneration: dg.Generation, Phase: v1alpha1.GrantActive, Conditions: []metav1.Condition{
		{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionTrue, Reason: "Admitted", LastTransitionTime: metav1.Now()},
	}}
	if err := operator.Status().Patch(t.Context(), dg, client.Merge); err != nil {
		t.Fatal(err)
	}
	return dg
}

// until waits for an answer with so much access in it.
func until(t *testing.T, spec v1alpha1.AccessQuerySpec, entries, gaps int) *v1alpha1.AccessQuery {
	t.Helper()
	var q *v1alpha1.AccessQuery
	eventually(t, "the ledger", func() (bool, string) {
		time.Sleep(time.Second) // of whole seconds: what was written in this one is asked about in the next
		q = ask(t, spec)
		return len(q.Status.Access) == entries && len(q.Status.NotEvaluable) == gaps,
			fmt.Sprintf("%s\n%v\n%v", reason(q), q.Status.Access, q.Status.NotEvaluable)
	})
	return q
}

var whoCanExports = v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "exports"}

func badQuestions(t *testing.T) {
	for name, tc := range map[string]struct {
		spec v1alpha1.AccessQuerySpec
		want string
	}{
		"an unknown one":           {v1alpha1.AccessQuerySpec{Question: "Whence"}, "spec.question: Unsupported value"},
		"who can what":             {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan}, "dataset is required by the questions WhoCan and Why"},
		"what can who":             {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan}, "person is required by the questions WhatCan and Why"},
		"why whom":                 {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhy, Dataset: "x"}, "person is required"},
		"ghosts of a dataset":      {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionGhosts, Dataset: "x"}, "goes with no other"},
		"a column of a person":     {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: "ada", Column: "x"}, "column goes with the question WhoCan"},
		"ghosts of the past":       {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionGhosts, At: "2027-01-01T00:00:00Z"}, "the others are about now"},
		"a time with a zone":       {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "x", At: "2027-01-01T00:00:00+01:00"}, "spec.at"},
		"a time that is none":      {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "x", At: "yesterday"}, "spec.at"},
		"a dataset with a capital": {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "X"}, "spec.dataset"},
		"a system account":         {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: "system:admin"}, "system: accounts are none"},
		"a person with a space":    {v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: "a b"}, "spec.person"},
	} {
		t.Run(name, func(t *testing.T) {
			err := admin.Create(t.Context(), &v1alpha1.AccessQuery{ObjectMeta: metav1.ObjectMeta{GenerateName: "q-"}, Spec: tc.spec})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

func whoCan(t *testing.T) {
	create(t, &v1alpha1.Dataset{ObjectMeta: metav1.ObjectMeta{Name: "exports"}, Spec: v1alpha1.DatasetSpec{
		Owner: "olga", Classification: "C1", Location: v1alpha1.DatasetLocation{ObjectPrefix: &v1alpha1.ObjectPrefix{Bucket: "lake", Prefix: "exports/"}},
	}})
	give(t, "bob-exports", v1alpha1.SubjectUser, "bob")
	q := until(t, whoCanExports, 1, 0)
	if got := q.Status.Access[0]; got.Person != "bob" || got.Action != v1alpha1.ActionRead || got.Grants[0].Name != "bob-exports" || got.Prefix != "exports/" {
		t.Errorf("access is %+v", got)
	}
	if !strings.HasPrefix(reason(q), "True Answered") || !strings.HasPrefix(q.Status.Digest, "sha256:") || q.Status.Ledger.Seq == 0 {
		t.Errorf("%s, digest %s, ledger %v", reason(q), q.Status.Digest, q.Status.Ledger)
	}
}

func unchangeable(t *testing.T) {
	q := ask(t, whoCanExports)
	q.Spec.Dataset = "others"
	if err := admin.Update(t.Context(), q); err == nil || !strings.Contains(err.Error(), "a question never changes") {
		t.Errorf("error is %v", err)
	}
}

func future(t *testing.T) {
	spec := whoCanExports
	spec.At = v1alpha1.At(time.Now().Add(time.Hour))
	if got := reason(ask(t, spec)); !strings.HasPrefix(got, "False Invalid: spec.at:") || !strings.Contains(got, "in the future") {
		t.Errorf("the answer is %s", got)
	}
}

func group(t *testing.T) {
	give(t, "analysts-exports", v1alpha1.SubjectGroup, "analysts")
	q := until(t, whoCanExports, 1, 1)
	if gap := q.Status.NotEvaluable[0]; !strings.Contains(gap.About, "group:analysts") || !slices.Equal(gap.Grants, []string{"analysts-exports"}) {
		t.Errorf("not evaluable is %+v", gap)
	}
	if !strings.HasPrefix(reason(q), "True NotEvaluable") {
		t.Errorf("the answer is %s", reason(q))
	}
	// Somebody comes to the group, and leaves it: what was so in between stays so.
	atThatTime := func(fact ledger.Person) v1alpha1.AccessQuerySpec {
		if err := kept.Record(t.Context(), fact); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // Questions are about whole seconds.
		spec := v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhy, Dataset: "exports", Person: "gus", At: v1alpha1.At(now())}
		time.Sleep(time.Second)
		return spec
	}
	in := atThatTime(ledger.Person{Name: "gus", Groups: []string{"analysts"}})
	first := ask(t, in)
	if len(first.Status.Access) != 1 || first.Status.Access[0].Grants[0].Via != "group:analysts" || len(first.Status.NotEvaluable) != 0 {
		t.Errorf("in the group: %s, %+v, %+v", reason(first), first.Status.Access, first.Status.NotEvaluable)
	}
	if q = ask(t, atThatTime(ledger.Person{Name: "gus"})); len(q.Status.Access) != 0 || len(q.Status.NotEvaluable) != 0 {
		t.Errorf("out of the group: %+v, %+v", q.Status.Access, q.Status.NotEvaluable)
	}
	if q = ask(t, atThatTime(ledger.Person{Name: "gus", Gone: true})); len(q.Status.Access) != 0 || len(q.Status.NotEvaluable) != 1 {
		t.Errorf("of groups that are not known: %+v, %+v", q.Status.Access, q.Status.NotEvaluable)
	}
	if again := ask(t, in); again.Status.Digest != first.Status.Digest || len(again.Status.Access) != 1 {
		t.Errorf("afterwards the answer about then is %+v with digest %s, and was %s", again.Status.Access, again.Status.Digest, first.Status.Digest)
	}
}

func past(t *testing.T) {
	before := until(t, whoCanExports, 1, 1)
	for _, name := range []string{"bob-exports", "analysts-exports"} {
		if err := admin.Delete(t.Context(), &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, whoCanExports, 0, 0)
	spec := whoCanExports
	spec.At = before.Status.At
	if again := ask(t, spec); again.Status.Digest != before.Status.Digest || len(again.Status.Access) != 1 {
		t.Errorf("the past has digest %s, and had %s: %v", again.Status.Digest, before.Status.Digest, again.Status.Access)
	}
}

func ghost(t *testing.T) {
	ghosts.found = []v1alpha1.GhostAccess{{Target: v1alpha1.TargetTrino, Account: "eve", Access: []string{"Select lake.risk.payments"}}}
	q := ask(t, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionGhosts})
	if len(q.Status.Ghosts) != 1 || q.Status.Ghosts[0].Account != "eve" || q.Status.Targets[0].Ghosts != 1 {
		t.Errorf("%s: %+v", reason(q), q.Status)
	}
}

func deafTarget(t *testing.T) {
	ghosts.found, ghosts.err = nil, errors.New("no answer")
	q := ask(t, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionGhosts})
	if !strings.HasPrefix(reason(q), "True NotEvaluable") || q.Status.Targets[0].Error != "no answer" || len(q.Status.NotEvaluable) != 1 {
		t.Errorf("%s: %+v", reason(q), q.Status)
	}
}

func unseen(t *testing.T) {
	q := ask(t, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhoCan, Dataset: "unseen"})
	if len(q.Status.NotEvaluable) != 1 || !strings.Contains(q.Status.NotEvaluable[0].Why, "no such dataset at that time") {
		t.Errorf("%s: %+v", reason(q), q.Status)
	}
}

func proof(t *testing.T) {
	q := ask(t, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionVerify})
	if !strings.HasPrefix(reason(q), "True Answered") || q.Status.Tampered != 0 || q.Status.Ledger.Seq < 5 {
		t.Errorf("%s: %+v", reason(q), q.Status)
	}
}

func tampered(t *testing.T) {
	database.Superuser(t, "ledger", "ALTER TABLE ledger DISABLE TRIGGER ALL; UPDATE ledger SET payload = replace(payload, 'bob', 'eve') WHERE seq = "+
		"(SELECT min(seq) FROM ledger WHERE name = 'bob-exports')")
	q := ask(t, v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionVerify})
	if !strings.HasPrefix(reason(q), "False Tampered") || q.Status.Tampered < 2 || !strings.Contains(reason(q), "grant bob-exports") {
		t.Errorf("%s: %+v", reason(q), q.Status)
	}
	if q := ask(t, whoCanExports); !strings.HasPrefix(reason(q), "False Tampered") || len(q.Status.Access) != 0 {
		t.Errorf("%s: %+v", reason(q), q.Status)
	}
}
