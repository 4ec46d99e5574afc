package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/test/e2e/hub"
)

const (
	readOrders = `import boto3
print(boto3.client("s3").get_object(Bucket="sales", Key="orders/a.csv")["Body"].read().decode())`
	readSalaries = `import boto3
boto3.client("s3").get_object(Bucket="sales", Key="salaries/a.csv")`
	// Nothing secret is in a variable or in a file, but for tokens that Kubernetes projects.
	findSecrets = `import boto3, os, pathlib
keys = boto3.Session().get_credentials().get_frozen_credentials()
assert keys.access_key and keys.secret_key
found = [name for name, value in os.environ.items() if keys.secret_key in value]
for folder in (pathlib.Path.home(), pathlib.Path("/tmp"), pathlib.Path("/run/atoll-data")):
    for file in folder.rglob("*"):
        if file.is_file() and keys.secret_key.encode() in file.read_bytes():
            found.append(str(file))
print(found)`
)

// testData has people read a dataset in their servers for a while: boto3 has their own credentials, and no others.
func testData(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 8*time.Minute)
	defer cancel()
	ada := runningAs(ctx, t, p, "ada")
	inStore(ctx, t, p, ada, `
s3.create_bucket(Bucket="sales")
for key in ("orders/a.csv", "salaries/a.csv"):
    s3.put_object(Bucket="sales", Key=key, Body=b"1,2")`)
	orders := &v1alpha1.Dataset{ObjectMeta: metav1.ObjectMeta{Name: "e2e-orders"}, Spec: v1alpha1.DatasetSpec{
		Owner: "carol", Classification: "C1",
		Location: v1alpha1.DatasetLocation{ObjectPrefix: &v1alpha1.ObjectPrefix{Bucket: "sales", Prefix: "orders/"}},
	}}
	require.NoError(t, p.client(t).Create(ctx, orders))
	defer func() {
		require.NoError(t, client.IgnoreNotFound(p.client(t).Delete(context.WithoutCancel(ctx), orders)))
	}()

	t.Run("a person reads until their grant ends", func(t *testing.T) {
		refused(ctx, t, ada, readOrders, "Nothing is granted to you")
		end := time.Now().Add(45 * time.Second).Truncate(time.Second)
		defer readable(ctx, t, p, orders.Name, v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: "ada"}, end)()
		t.Logf("ada read the data %s after the grant was made", comesToRead(ctx, t, ada))
		refused(ctx, t, ada, readSalaries, "AccessDenied")
		found, err := ada.Run(ctx, "fraud", findSecrets)
		require.NoError(t, err)
		require.Equal(t, "[]", strings.TrimSpace(found), "the key is in variables or files of the server")

		time.Sleep(time.Until(end)) // the end of the window is what is tested
		require.False(t, readsData(ctx, t, ada), "ada still reads after the end of her grant")
	})
	t.Run("who is in a group reads what it is granted", func(t *testing.T) {
		defer readable(ctx, t, p, orders.Name, v1alpha1.GrantSubject{Kind: v1alpha1.SubjectGroup, Name: "analysts"}, time.Now().Add(time.Hour))()
		bob := runningAs(ctx, t, p, "bob")
		defer func() { require.NoError(t, bob.Stop(context.WithoutCancel(ctx), "fraud")) }()
		t.Logf("bob, who is in analysts, read the data %s after his server ran", comesToRead(ctx, t, bob))
		require.False(t, readsData(ctx, t, ada), "ada is not in analysts")
		refused(ctx, t, bob, readSalaries, "AccessDenied")

		require.NoError(t, p.client(t).Delete(ctx, &v1alpha1.GroupMembership{ObjectMeta: metav1.ObjectMeta{Name: "bob"}}))
		took := eventually(t, 30*time.Second, "bob to read nothing", func(ctx context.Context) (bool, error) {
			return !readsData(ctx, t, bob), nil
		})
		t.Logf("bob read nothing %s after nobody said any more that he is in the group", took)
	})
}

// runningAs is somebody whose server runs.
func runningAs(ctx context.Context, t testing.TB, p *platform, name string) *hub.Session {
	t.Helper()
	person := p.signIn(t, name)
	running, err := person.Running(ctx, "fraud")
	require.NoError(t, err)
	if !running {
		require.NoError(t, person.Start(ctx, "fraud", hubDefaults))
	}
	return person
}

// readable grants somebody to read a dataset, and returns what removes the grant.
func readable(ctx context.Context, t testing.TB, p *platform, dataset string, by v1alpha1.GrantSubject, end time.Time) func() {
	t.Helper()
	access := &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: dataset + "-" + by.Name}, Spec: v1alpha1.DataGrantSpec{
		Subject: by, Dataset: dataset,
		Actions:   []v1alpha1.GrantAction{v1alpha1.ActionRead},
		NotBefore: v1alpha1.At(time.Now().Add(-time.Minute)), NotAfter: v1alpha1.At(end), Ceiling: "C1",
		Purpose: "To see that data is read in a server.", RequestedBy: "ada", ApprovedBy: []v1alpha1.UserName{"carol"},
	}}
	require.NoError(t, p.client(t).Create(ctx, access))
	return func() {
		t.Helper()
		require.NoError(t, client.IgnoreNotFound(p.client(t).Delete(context.WithoutCancel(ctx), access)))
	}
}

// comesToRead waits until somebody reads the data.
func comesToRead(ctx context.Context, t testing.TB, person *hub.Session) time.Duration {
	t.Helper()
	return eventually(t, 30*time.Second, "the data is read by whom it is granted to", func(ctx context.Context) (bool, error) {
		return readsData(ctx, t, person), nil
	})
}

// readsData tells whether somebody reads the data; a cell that fails is one who does not.
func readsData(ctx context.Context, t testing.TB, person *hub.Session) bool {
	t.Helper()
	text, err := person.Run(ctx, "fraud", readOrders)
	var raised *hub.CellError
	if errors.As(err, &raised) {
		return false
	}
	require.NoError(t, err)
	require.Equal(t, "1,2", strings.TrimSpace(text))
	return true
}

// refused runs a cell that must fail, and be told why.
func refused(ctx context.Context, t testing.TB, person *hub.Session, code, why string) {
	t.Helper()
	_, err := person.Run(ctx, "fraud", code)
	var raised *hub.CellError
	require.ErrorAs(t, err, &raised)
	require.Contains(t, raised.Error(), why)
}
