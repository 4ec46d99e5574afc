package datagrant_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/datagrant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// soon is how long a test waits for the operator.
const soon = time.Minute

var (
	ctx    = context.Background()
	config *rest.Config
	// admin may do everything.
	admin client.Client
)

func TestMain(m *testing.M) {
	if os.Getenv(kubeconfigVariable) != "" {
		actAsOperator()
		return
	}
	os.Exit(apitest.Run(m, func(s *apitest.Server) {
		config = s.Config
		admin = as("")
		must(controllertest.InstallRights(ctx, admin))
		bind("atoll-grant-requester", "ada", "bob", "olga")
		bind("atoll-grant-approver", "bob", "carl", "olga")
		bind("atoll-grant-breakglass", "ada")
		bind("atoll-grant-attestor", "terraform")
	}))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// as is a client of somebody; of the administrator where nobody is named.
func as(user string) client.Client {
	scheme, err := controller.Scheme()
	must(err)
	c, err := controllertest.ClientAs(config, scheme, user)
	must(err)
	return c
}

func bind(role string, users ...string) {
	must(controllertest.Bind(ctx, admin, role, users...))
}

// platform is an operator and a real object store.
type platform struct {
	*testing.T

	store  *objectstore.Client
	ledger *notebook
	at     storetest.Store
	bucket string
	stop   func()
}

// TestOnAStore tries everything on one real object store. Each part has a bucket of its own.
func TestOnAStore(t *testing.T) {
	at := storetest.Start(t)
	p := &platform{T: t, at: at, ledger: &notebook{}}
	p.store = objectstore.New(objectstore.Options{
		Endpoint: at.Endpoint, IAMEndpoint: at.IAMEndpoint, Region: "us-east-1", Credentials: at.Credentials,
	})
	p.operate()
	defer func() { p.stop() }()
	for i, part := range []struct {
		name string
		try  func(*platform)
	}{
		{"a grant lives", testLife},
		{"a grant is refused", testRefusals},
		{"a grant is ended", testRevocationAndDeletion},
		{"data comes to count as more", testReclassification},
		{"data must not come together", testConflict},
		{"a workspace is granted", testWorkspace},
		{"there is no room", testNoRoom},
		{"the operator starts again", testRestart},
		{"nobody signs for others", testSignatures},
		{"the glass is broken", testBreakGlass},
		{"ghosts are found", testGhosts},
		{"a group is granted", testGroups},
		{"nobody else says who is in a group", testStatements},
		{"two groups share somebody", testGroupConflict},
		{"the ledger does not answer", testLedgerDown},
	} {
		t.Run(part.name, func(t *testing.T) {
			p.T, p.bucket = t, fmt.Sprintf("lake-%d", i)
			if err := p.store.EnsureBucket(ctx, p.bucket); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.clear)
			part.try(p)
		})
	}
	p.T = t
}

// operate runs an operator in this process.
func (p *platform) operate() {
	p.Helper()
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(running)
	}()
	p.stop = func() {
		stop()
		<-done
	}
}

// run runs the controllers until the context ends.
func (p *platform) run(running context.Context) {
	scheme, err := controller.Scheme()
	must(err)
	mgr, err := manager.New(controllertest.As(config), manager.Options{
		Scheme: scheme, Cache: controller.Cache(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: ctrlconfig.Controller{SkipNameValidation: ptr.To(true)},
	})
	must(err)
	options := datagrant.Options{
		Clock: clock.RealClock{}, Limits: grant.DefaultLimits(), Concurrency: 4, TrustGroupsFor: trust, LedgerAgain: 100 * time.Millisecond,
	}
	if p.ledger != nil {
		options.Ledger = p.ledger
	}
	must(controller.Register(running, mgr, controller.Options{
		DataGrant: options,
		Ghost:     ghost.Options{Every: 200 * time.Millisecond, Quarantine: ghost.Report, Clock: clock.RealClock{}},
		Objects:   p.store,
	}))
	must(mgr.Start(running))
}

// clear removes what a test has made, while the operator still runs.
func (p *platform) clear() {
	must(admin.DeleteAllOf(ctx, &v1alpha1.DataGrant{}))
	p.eventually("the grants are gone", func() error {
		list := &v1alpha1.DataGrantList{}
		if err := admin.List(ctx, list); err != nil || len(list.Items) > 0 {
			return fmt.Errorf("%d grants, %w", len(list.Items), err)
		}
		return nil
	})
	must(admin.DeleteAllOf(ctx, &v1alpha1.Dataset{}))
}

// dataset makes one of objects, owned by olga.
func (p *platform) dataset(name string, class v1alpha1.Classification, change ...func(*v1alpha1.Dataset)) {
	p.Helper()
	ds := &v1alpha1.Dataset{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.DatasetSpec{
			Location: v1alpha1.DatasetLocation{ObjectPrefix: &v1alpha1.ObjectPrefix{Bucket: p.bucket, Prefix: name + "/"}},
			Owner:    "olga", Classification: class,
		},
	}
	for _, c := range change {
		c(ds)
	}
	if err := admin.Create(ctx, ds); err != nil {
		p.Fatal(err)
	}
}

// grant is one for ada to read and list, approved by bob, from a minute ago for an hour.
func (p *platform) grant(name, dataset string, change ...func(*v1alpha1.DataGrantSpec)) *v1alpha1.DataGrant {
	p.Helper()
	now := time.Now()
	dg := &v1alpha1.DataGrant{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.DataGrantSpec{
			Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: "ada"}, Dataset: dataset,
			Actions:   []v1alpha1.GrantAction{v1alpha1.ActionRead, v1alpha1.ActionList},
			NotBefore: v1alpha1.At(now.Add(-time.Minute)), NotAfter: v1alpha1.At(now.Add(time.Hour)), Ceiling: "C4",
			Purpose: "to see whether it works", RequestedBy: "ada", ApprovedBy: []v1alpha1.UserName{"bob"},
		},
	}
	for _, c := range change {
		c(&dg.Spec)
	}
	if err := as("terraform").Create(ctx, dg); err != nil {
		p.Fatal(err)
	}
	return dg
}

// until waits for a grant to be in a phase, for a reason.
func (p *platform) until(name string, phase v1alpha1.GrantPhase, reason string) *v1alpha1.DataGrant {
	p.Helper()
	dg := &v1alpha1.DataGrant{}
	p.eventually(fmt.Sprintf("grant %s is %s by %s", name, phase, reason), func() error {
		if err := admin.Get(ctx, client.ObjectKey{Name: name}, dg); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(dg.Status.Conditions, v1alpha1.ConditionReady)
		if dg.Status.Phase != phase || ready == nil || ready.Reason != reason {
			return fmt.Errorf("it is %s, %+v", dg.Status.Phase, ready)
		}
		return nil
	})
	return dg
}

func (p *platform) eventually(what string, check func() error) {
	p.Helper()
	var last error
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, soon, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		p.Fatalf("%s: not within %s: %v", what, soon, last)
	}
}
