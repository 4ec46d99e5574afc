package podidentity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/atoll-platform/atoll/operator/target/aws/podidentity"
	"github.com/atoll-platform/atoll/test/fake/eks"
)

const ada, other = "arn:aws:iam::123456789012:role/atoll/reef/grants/reef-person-ada", "arn:aws:iam::123456789012:role/other"

func begin(t *testing.T, o eks.Options) (*eks.Server, *podidentity.Associations) {
	t.Helper()
	o.Cluster = "reef"
	s := eks.Start(t, o)
	return s, podidentity.New(aws.Config{
		Region: "eu-central-1", BaseEndpoint: &s.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		Retryer: func() aws.Retryer { return retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Millisecond) },
	}, "reef")
}

func TestAssociationFollowsTheAccount(t *testing.T) {
	s, a := begin(t, eks.Options{Throttle: 3})
	ctx := context.Background()
	step := func(err error, writes int, role string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.All()["ws-risk/person-ada"].RoleARN; got != role || s.Writes() != writes {
			t.Fatalf("the role is %q after %d writes, want %q after %d", got, s.Writes(), role, writes)
		}
	}
	step(a.Ensure(ctx, "ws-risk", "person-ada", other), 1, other)
	step(a.Ensure(ctx, "ws-risk", "person-ada", ada), 2, ada)
	step(a.Ensure(ctx, "ws-risk", "person-ada", ada), 2, ada)
	step(a.Ensure(ctx, "ws-two", "person-ada", ada), 3, ada)
	step(a.Remove(ctx, "ws-risk", "person-ada"), 4, "")
	step(a.Remove(ctx, "ws-risk", "person-ada"), 4, "")
	if len(s.All()) != 1 {
		t.Errorf("another association went too: %v", s.All())
	}
}

func TestListsThatAreBehind(t *testing.T) {
	s, a := begin(t, eks.Options{Lag: 50 * time.Millisecond})
	ctx := context.Background()
	for range 2 {
		err := a.Ensure(ctx, "ws-risk", "person-ada", ada)
		for end := time.Now().Add(5 * time.Second); errors.Is(err, podidentity.ErrBehind) && time.Now().Before(end); {
			err = a.Ensure(ctx, "ws-risk", "person-ada", ada)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if s.Writes() != 1 || len(s.All()) != 1 {
		t.Errorf("%d writes made %v", s.Writes(), s.All())
	}
}

func TestClusterThatIsFull(t *testing.T) {
	_, a := begin(t, eks.Options{Limit: 1})
	ctx := context.Background()
	if err := a.Ensure(ctx, "ws-risk", "person-ada", ada); err != nil {
		t.Fatal(err)
	}
	var full *types.ResourceLimitExceededException
	if err := a.Ensure(ctx, "ws-risk", "person-bob", ada); !errors.As(err, &full) {
		t.Errorf("one more than the cluster takes: %v", err)
	}
}
