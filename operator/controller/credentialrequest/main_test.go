package credentialrequest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	rbacv1 "k8s.io/api/rbac/v1"
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
	"github.com/atoll-platform/atoll/operator/controller/credentialrequest"
	"github.com/atoll-platform/atoll/operator/controller/datagrant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// soon is how long a test waits for the operator.
	soon = time.Minute
	// bucket has all data of the tests.
	bucket = "lake"
	// public is the store's address outside of the cluster.
	public = "https://s3.example.com"
)

var (
	config *rest.Config
	// admin may do everything.
	admin client.Client
)

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) {
		config = s.Config
		admin = as("")
		must(controllertest.InstallRights(context.Background(), admin))
		bind("atoll-data-credentials", "ada", "ci", "ci2")
		must(admin.Create(context.Background(), &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "act-as-ada"},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"atoll.dev"}, Resources: []string{"credentialrequests"}, Verbs: []string{"actas"}, ResourceNames: []string{"ada"}}},
		}))
		bind("act-as-ada", "ci")
		must(policiesAct(context.Background()))
	}))
}

// policiesAct returns once the API server enforces what was installed, which it does some time later.
func policiesAct(ctx context.Context) error {
	spec := v1alpha1.CredentialRequestSpec{
		Person: "ada", ExpirationSeconds: 60, PublicKey: strings.Repeat("A", 43) + "=", RequestedBy: "ci2",
	}
	mine := &v1alpha1.CredentialRequest{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: spec}
	mine.Spec.RequestedBy = "ada"
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, soon, true, func(ctx context.Context) (bool, error) {
		others := &v1alpha1.CredentialRequest{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: spec}
		if err := as("ci2").Create(ctx, others, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "may not act") {
			return false, nil
		}
		if err := as("ada").Create(ctx, mine.DeepCopy()); client.IgnoreAlreadyExists(err) != nil {
			return false, err
		}
		if err := admin.Get(ctx, client.ObjectKeyFromObject(mine), mine); err != nil {
			return false, err
		}
		mine.Status.Region += "x"
		if err := admin.Status().Update(ctx, mine); err == nil || !strings.Contains(err.Error(), "operator's alone") {
			return false, nil
		}
		return true, admin.Delete(ctx, mine)
	})
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
	must(controllertest.Bind(context.Background(), admin, role, users...))
}

// platform is an operator with the rights of its chart, and a real object store.
type platform struct {
	*testing.T

	at    storetest.Store
	store *objectstore.Client
	keys  *credentials.Keys
	clock *later
}

// later is a clock that a test moves on.
type later struct {
	clock.RealClock
	by atomic.Int64
}

func (l *later) Now() time.Time { return time.Now().Add(time.Duration(l.by.Load())) }

// newPlatform runs until the test ends.
func newPlatform(t *testing.T, lends bool) *platform {
	t.Helper()
	p := &platform{T: t, at: storetest.Start(t), clock: &later{}}
	p.store = objectstore.New(objectstore.Options{
		Endpoint: p.at.Endpoint, IAMEndpoint: p.at.IAMEndpoint, Region: "us-east-1", Credentials: p.at.Credentials,
	})
	must(p.store.EnsureBucket(t.Context(), bucket))
	scheme, err := controller.Scheme()
	must(err)
	live, err := client.New(controllertest.As(config), client.Options{Scheme: scheme})
	must(err)
	p.keys = &credentials.Keys{Accounts: p.store, Client: live, Namespace: controllertest.Namespace, Clock: clock.RealClock{}}
	requests := credentialrequest.Options{Account: objectstore.Account, Endpoint: public, Region: "us-east-1", Clock: p.clock}
	if lends {
		requests.Lender = &credentials.Lender{Lease: credentials.PolicyLease{Accounts: p.store}, Keys: p.keys, Clock: clock.RealClock{}}
	}
	mgr, err := manager.New(controllertest.As(config), manager.Options{
		Scheme: scheme, Cache: controller.Cache(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: ctrlconfig.Controller{SkipNameValidation: ptr.To(true)},
	})
	must(err)
	running, stop := context.WithCancel(context.Background())
	must(controller.Register(running, mgr, controller.Options{
		DataGrant: datagrant.Options{
			Clock: clock.RealClock{}, Limits: grant.DefaultLimits(), Concurrency: 1, TrustGroupsFor: time.Hour, LedgerAgain: 100 * time.Millisecond,
		},
		Ghost:             ghost.Options{Every: time.Second, Quarantine: ghost.Report, Clock: clock.RealClock{}},
		Objects:           p.store,
		CredentialRequest: requests,
	}))
	done := make(chan error)
	go func() { done <- mgr.Start(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *platform) eventually(what string, check func() error) {
	p.Helper()
	var last error
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = check(); last == nil {
			return
		}
	}
	p.Fatalf("%s: not within %s: %v", what, soon, last)
}

func (p *platform) create(objects ...client.Object) {
	p.Helper()
	for _, obj := range objects {
		if err := admin.Create(p.Context(), obj); err != nil {
			p.Fatal(err)
		}
		p.Cleanup(func() {
			must(client.IgnoreNotFound(admin.Delete(context.Background(), obj)))
			p.gone(obj)
		})
	}
}

func (p *platform) gone(obj client.Object) {
	p.Helper()
	p.eventually(obj.GetName()+" is gone", func() error {
		if err := admin.Get(context.Background(), client.ObjectKeyFromObject(obj), obj); err == nil {
			return fmt.Errorf("it is there, held by %v", obj.GetFinalizers())
		} else if client.IgnoreNotFound(err) != nil {
			return err
		}
		return nil
	})
}

func dataset(name string) *v1alpha1.Dataset {
	return &v1alpha1.Dataset{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DatasetSpec{
		Location: v1alpha1.DatasetLocation{ObjectPrefix: &v1alpha1.ObjectPrefix{Bucket: bucket, Prefix: name + "/"}}, Owner: "olga", Classification: "C1",
	}}
}

// granted gives ada a dataset to read, and waits until the grant's condition Ready has a reason.
func (p *platform) granted(name, dataset, reason string, from, until time.Time, change ...func(*v1alpha1.DataGrant)) *v1alpha1.DataGrant {
	p.Helper()
	dg := &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DataGrantSpec{
		Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: "ada"}, Dataset: dataset, Actions: []v1alpha1.GrantAction{v1alpha1.ActionRead},
		NotBefore: v1alpha1.At(from), NotAfter: v1alpha1.At(until), Ceiling: "C1", Purpose: "to see when credentials end",
		RequestedBy: "ada", ApprovedBy: []v1alpha1.UserName{"olga"},
	}}
	for _, c := range change {
		c(dg)
	}
	p.create(dg)
	p.eventually("grant "+name+" is "+reason, func() error {
		if err := admin.Get(p.Context(), client.ObjectKeyFromObject(dg), dg); err != nil {
			return err
		}
		for _, c := range dg.Status.Conditions {
			if c.Type == v1alpha1.ConditionReady && c.Reason == reason {
				return nil
			}
		}
		return fmt.Errorf("it says %v", dg.Status.Conditions)
	})
	return dg
}

// reads says whether a key may read an object; any other failure than a denial ends the test.
func (p *platform) reads(id, secret, key string) bool {
	p.Helper()
	c := s3.New(s3.Options{
		BaseEndpoint: &p.at.Endpoint, Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: awscredentials.NewStaticCredentialsProvider(id, secret, ""),
	})
	out, err := c.GetObject(p.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err == nil {
		_ = out.Body.Close()
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "AccessDenied" || api.ErrorCode() == "InvalidAccessKeyId") {
		return false
	}
	p.Fatalf("reading %s: %v", key, err)
	return false
}

// put writes an object as the one who manages the store.
func (p *platform) put(key string) {
	p.Helper()
	root := s3.New(s3.Options{
		BaseEndpoint: &p.at.Endpoint, Region: "us-east-1", UsePathStyle: true,
		Credentials: awscredentials.NewStaticCredentialsProvider("root", "secret of root", ""),
	})
	if _, err := root.PutObject(p.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(key)}); err != nil {
		p.Fatal(err)
	}
}
