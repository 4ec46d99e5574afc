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

// testData lets ada read a dataset in her server for a while: boto3 has her credentials, and no others.
func testData(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 8*time.Minute)
	defer cancel()
	c, ada := p.client(t), p.signIn(t, "ada")
	running, err := ada.Running(ctx, "fraud")
	require.NoError(t, err)
	if !running {
		require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	}
	inStore(ctx, t, p, ada, `
s3.create_bucket(Bucket="sales")
for key in ("orders/a.csv", "salaries/a.csv"):
    s3.put_object(Bucket="sales", Key=key, Body=b"1,2")`)
	refused(ctx, t, ada, readOrders, "Nothing is granted to you")

	end := time.Now().Add(45 * time.Second).Truncate(time.Second)
	orders := &v1alpha1.Dataset{ObjectMeta: metav1.ObjectMeta{Name: "e2e-orders"}, Spec: v1alpha1.DatasetSpec{
		Owner: "carol", Classification: "C1",
		Location: v1alpha1.DatasetLocation{ObjectPrefix: &v1alpha1.ObjectPrefix{Bucket: "sales", Prefix: "orders/"}},
	}}
	access := &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: "e2e-ada-orders"}, Spec: v1alpha1.DataGrantSpec{
		Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: "ada"}, Dataset: orders.Name,
		Actions:   []v1alpha1.GrantAction{v1alpha1.ActionRead},
		NotBefore: v1alpha1.At(time.Now().Add(-time.Minute)), NotAfter: v1alpha1.At(end), Ceiling: "C1",
		Purpose: "To see that data is read in a server.", RequestedBy: "ada", ApprovedBy: []v1alpha1.UserName{"carol"},
	}}
	for _, obj := range []client.Object{orders, access} {
		require.NoError(t, c.Create(ctx, obj))
	}
	defer func() {
		for _, obj := range []client.Object{access, orders} {
			require.NoError(t, client.IgnoreNotFound(c.Delete(context.WithoutCancel(ctx), obj)))
		}
	}()
	var text string
	took := eventually(t, 30*time.Second, "ada reads what she is granted", func(ctx context.Context) (bool, error) {
		text, err = ada.Run(ctx, "fraud", readOrders)
		var raised *hub.CellError
		if errors.As(err, &raised) {
			return false, nil
		}
		return true, err
	})
	require.Equal(t, "1,2", strings.TrimSpace(text))
	t.Logf("ada read the data %s after the grant was made", took)
	refused(ctx, t, ada, readSalaries, "AccessDenied")
	found, err := ada.Run(ctx, "fraud", findSecrets)
	require.NoError(t, err)
	require.Equal(t, "[]", strings.TrimSpace(found), "the key is in variables or files of the server")

	time.Sleep(time.Until(end)) // the end of the window is what is tested
	_, err = ada.Run(ctx, "fraud", readOrders)
	var raised *hub.CellError
	require.ErrorAs(t, err, &raised, "ada still reads after the end of her grant")
}

// refused runs a cell that must fail, and be told why.
func refused(ctx context.Context, t testing.TB, person *hub.Session, code, why string) {
	t.Helper()
	_, err := person.Run(ctx, "fraud", code)
	var raised *hub.CellError
	require.ErrorAs(t, err, &raised)
	require.Contains(t, raised.Error(), why)
}
