package runstore_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/runstore"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

var (
	ctx = context.Background()
	// own has the operator's rights and no others.
	own client.Client
)

func TestMain(m *testing.M) { os.Exit(all(m)) }

func all(m *testing.M) int {
	server, err := apitest.Start()
	must(err)
	defer func() { must(server.Stop()) }()
	scheme, err := controller.Scheme()
	must(err)
	admin, err := client.New(server.Config, client.Options{Scheme: scheme})
	must(err)
	must(controllertest.InstallRights(ctx, admin))
	own, err = client.New(controllertest.As(server.Config), client.Options{Scheme: scheme})
	must(err)
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// The account reads notebooks and writes outputs, and may nothing else; what was signed with its key goes on being good when
// it is looked after again, also by another replica.
func TestAccount(t *testing.T) {
	store := storetest.Start(t)
	root := objectstore.New(objectstore.Options{Endpoint: store.Endpoint, IAMEndpoint: store.IAMEndpoint, Region: "us-east-1", Credentials: store.Credentials})
	replica := func() *runstore.Account {
		return &runstore.Account{Store: root, Client: own, Namespace: controllertest.Namespace, Bucket: "atoll-runs", Clock: clock.RealClock{}}
	}
	first := replica()
	must(first.Ensure(ctx))
	must(root.EnsureBucket(ctx, "atoll-ledger"))
	s3of := func(a aws.CredentialsProvider) *s3.Client {
		return s3.New(s3.Options{BaseEndpoint: aws.String(store.Endpoint), Region: "us-east-1", UsePathStyle: true, Credentials: a})
	}
	c := s3of(first)
	put := func(bucket, key string) error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
		return err
	}
	get := func(bucket, key string) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		return err
	}
	remove := func(bucket, key string) error {
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
		return err
	}
	_, makes := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("other")})
	for _, tt := range []struct {
		may  string
		err  error
		want string
	}{
		{"write an output", put("atoll-runs", "outputs/fraud/nightly/a.ipynb"), ""},
		{"read an output", get("atoll-runs", "outputs/fraud/nightly/a.ipynb"), ""},
		{"learn that a notebook is not there", get("atoll-runs", "notebooks/fraud/a.ipynb"), "NoSuchKey"},
		{"write a notebook", put("atoll-runs", "notebooks/fraud/a.ipynb"), "AccessDenied"},
		{"write elsewhere in the bucket", put("atoll-runs", "a"), "AccessDenied"},
		{"remove an output", remove("atoll-runs", "outputs/fraud/nightly/a.ipynb"), "AccessDenied"},
		{"write to another bucket", put("atoll-ledger", "outputs/a"), "AccessDenied"},
		{"read another bucket", get("atoll-ledger", "notebooks/a"), "AccessDenied"},
		{"make a bucket", makes, "AccessDenied"},
	} {
		if got := code(tt.err); got != tt.want {
			t.Errorf("may it %s: %q, want %q", tt.may, got, tt.want)
		}
	}
	before, err := first.Retrieve(ctx)
	must(err)
	second := replica()
	must(second.Ensure(ctx))
	if after, err := second.Retrieve(ctx); err != nil || after.AccessKeyID != before.AccessKeyID {
		t.Errorf("another replica has key %s, %v, and not %s", after.AccessKeyID, err, before.AccessKeyID)
	}
	must(root.RemoveKey(ctx, runstore.Name, before.AccessKeyID))
	must(second.Ensure(ctx))
	c = s3of(replica())
	if err := put("atoll-runs", "outputs/b"); err != nil {
		t.Errorf("a key that was taken away is not replaced: %v", err)
	}
}
