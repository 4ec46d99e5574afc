package personrole_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/personrole"
	"github.com/atoll-platform/atoll/operator/target/aws/podidentity"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/test/fake/eks"
	"github.com/atoll-platform/atoll/test/fake/iam"
)

func config(endpoint string) aws.Config {
	return aws.Config{Region: "eu-central-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
}

func account(namespace, name, user string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, Annotations: map[string]string{v1alpha1.AnnotationPerson: user},
	}}
}

func TestPodsHaveTheRoleOfTheirPerson(t *testing.T) {
	opts := role.Options{
		Platform: "reef", ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef",
		BoundaryARN: "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
	}
	roles, associations := iam.Start(t, iam.Options{Boundary: opts.BoundaryARN}), eks.Start(t, eks.Options{Cluster: "reef"})
	grants, err := role.NewGrants(config(roles.Endpoint), opts)
	if err != nil {
		t.Fatal(err)
	}
	ada, other := account("ws-risk", "person-ada", "Ada"), account("ws-risk", "person-eve", "ada")
	cluster := fake.NewClientBuilder().WithObjects(ada, other).Build()
	c := personrole.NewController(cluster, grants, podidentity.New(config(associations.Endpoint), opts.Cluster()))
	reconciled := func(o client.Object) eks.Association {
		t.Helper()
		if _, err := c.Reconcile(context.Background(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)}); err != nil {
			t.Fatal(err)
		}
		return associations.All()[o.GetNamespace()+"/"+o.GetName()]
	}
	for range 2 {
		if got := reconciled(ada); got.RoleARN != "arn:aws:iam::123456789012:role/atoll/reef/grants/reef-person-ada" {
			t.Errorf("Ada's pods have the role %q", got.RoleARN)
		}
	}
	if n := roles.Calls("CreateRole"); n != 1 {
		t.Errorf("the role was made %d times", n)
	}
	if got := reconciled(other); got.RoleARN != "" {
		t.Errorf("an account that is not named after its person has the role %q", got.RoleARN)
	}
	if err := cluster.Delete(context.Background(), ada); err != nil {
		t.Fatal(err)
	}
	if got := reconciled(ada); got.RoleARN != "" {
		t.Errorf("an account that is gone has the role %q", got.RoleARN)
	}
}
