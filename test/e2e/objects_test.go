package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/test/e2e/hub"
)

// kept is the executed notebook of a name such as s3://bucket/key.
func kept(ctx context.Context, t *testing.T, p *platform, ada *hub.Session, name string) string {
	t.Helper()
	bucket, key, ok := strings.Cut(strings.TrimPrefix(name, "s3://"), "/")
	require.True(t, ok, "%q is no object", name)
	return asAccount(ctx, t, p, ada, "atoll-directory", "atoll-runs", fmt.Sprintf(`print(s3.get_object(Bucket=%q, Key=%q)["Body"].read().decode())`, bucket, key))
}

// inStore runs code with a client of the object store's root account.
func inStore(ctx context.Context, t *testing.T, p *platform, ada *hub.Session, code string) string {
	t.Helper()
	return asAccount(ctx, t, p, ada, "atoll-data", "objectstore-root", code)
}

// asAccount runs code with a client of the object store that has the key in a Secret, from where the store is reached. People
// have no such client.
func asAccount(ctx context.Context, t *testing.T, p *platform, ada *hub.Session, namespace, name, code string) string {
	t.Helper()
	var secret corev1.Secret
	require.NoError(t, p.client(t).Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &secret))
	out, err := ada.Run(ctx, "fraud", fmt.Sprintf(`
import boto3
s3 = boto3.client("s3", endpoint_url="http://objectstore.atoll-data.svc:7070", region_name="us-east-1",
                  aws_access_key_id=%q, aws_secret_access_key=%q)
%s`, secret.Data["access-key"], secret.Data["secret-key"], code))
	require.NoError(t, err)
	return out
}
