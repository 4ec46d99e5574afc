package e2e

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const grantsBucket = "e2e-grants"

// grantsStage is the real object store of the cluster, as the host sees it.
type grantsStage struct {
	*platform

	store    *objectstore.Client
	endpoint string
	root     aws.CredentialsProvider
}

// testGrants has grants begin, end and be revoked on the real object store, the operator and the API server dead when it matters.
func testGrants(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 40*time.Minute)
	defer cancel()
	g := newGrantsStage(ctx, t, p)
	c := p.client(t)
	dataset := &v1alpha1.Dataset{ObjectMeta: metav1.ObjectMeta{Name: "e2e-shipments"}, Spec: v1alpha1.DatasetSpec{
		Owner: "olga", Classification: "C2",
		Location: v1alpha1.DatasetLocation{ObjectPrefix: &v1alpha1.ObjectPrefix{Bucket: grantsBucket, Prefix: "shipments/"}},
	}}
	require.NoError(t, c.Create(ctx, dataset))
	defer func() { require.NoError(t, client.IgnoreNotFound(c.Delete(context.WithoutCancel(ctx), dataset))) }()

	t.Run("a grant begins and ends", func(t *testing.T) {
		defer g.grant(ctx, t, "e2e-other", "hugo", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))()
		begin := time.Now().Add(10 * time.Second).Truncate(time.Second)
		end := begin.Add(4 * time.Second)
		defer g.grant(ctx, t, "e2e-life", "gina", begin, end)()
		gina, hugo := g.person(ctx, t, "gina"), g.person(ctx, t, "hugo")
		require.False(t, g.reads(ctx, t, gina, "shipments/a"), "before the window")
		require.True(t, g.reads(ctx, t, hugo, "shipments/a"), "another person, with a grant of their own")
		require.False(t, g.reads(ctx, t, hugo, "salaries/a"), "another person, another prefix")
		time.Sleep(time.Until(begin)) // the window is what is tested
		require.True(t, g.reads(ctx, t, gina, "shipments/a"), "inside the window")
		require.False(t, g.reads(ctx, t, gina, "salaries/a"), "another prefix")
		require.False(t, g.reads(ctx, t, gina, "shipments-secret/a"), "a prefix that begins alike")
		time.Sleep(time.Until(end))
		require.False(t, g.reads(ctx, t, gina, "shipments/a"), "after the window")
		require.True(t, g.reads(ctx, t, hugo, "shipments/a"), "the end of somebody else's window")
		t.Log("denied before the window, allowed inside, denied after it; denied other prefixes; another person has what they were granted, no more and no less")
	})
	t.Run("grants end with the operator and the API server dead", func(t *testing.T) {
		n := trials(3, 20)
		started := time.Now()
		g.grant(ctx, t, "e2e-pace", "gina", started.Add(-time.Hour), started.Add(time.Hour))()
		// The slower the machine is, the later the ends are.
		first := time.Now().Add(15*time.Second + time.Duration(2*n)*time.Since(started)).Truncate(time.Second)
		end := func(i int) time.Time { return first.Add(time.Duration(i) * 2 * time.Second) }
		var people []*s3.Client
		for i := range n {
			name := "gina-" + strconv.Itoa(i)
			defer g.grant(ctx, t, "e2e-end-"+name, name, first.Add(-time.Hour), end(i))()
			people = append(people, g.person(ctx, t, name))
			require.True(t, g.reads(ctx, t, people[i], "shipments/a"), name)
		}
		defer g.kill9(t)()
		require.True(t, time.Now().Before(first), "killing took longer than the first grant")
		var around endings
		for i, person := range people {
			around.watch(t, end(i), func() bool { return g.reads(ctx, t, person, "shipments/a") })
		}
		around.seen(t, "object store")
	})
	t.Run("a revocation acts on a live key", func(t *testing.T) {
		var took []time.Duration
		for i := range trials(3, 50) {
			name := "e2e-revoked-" + strconv.Itoa(i)
			remove := g.grant(ctx, t, name, "gina", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			gina := g.person(ctx, t, "gina")
			require.True(t, g.reads(ctx, t, gina, "shipments/a"))
			took = append(took, g.revoke(ctx, t, name, func() bool { return g.reads(ctx, t, gina, "shipments/a") }))
			remove()
		}
		t.Logf("object store, %d revocations through the API, until a live key is first denied: %s", len(took), percentiles(took))
	})
	t.Run("Terraform has a key while it applies", func(t *testing.T) { testCredentials(ctx, t, g) })
	t.Run("access without a grant is found", func(t *testing.T) {
		defer g.grant(ctx, t, "e2e-ghost", "gina", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))()
		gina := g.person(ctx, t, "gina")
		all := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + grantsBucket + `/*"}]}`
		require.NoError(t, g.store.SetPolicy(ctx, objectstore.Account("gina"), all))
		require.True(t, g.reads(ctx, t, gina, "salaries/a"), "the seeded policy does not act")
		repaired := eventually(t, 3*time.Minute, "the seeded policy to be put right", func(ctx context.Context) (bool, error) {
			return !g.reads(ctx, t, gina, "salaries/a"), nil
		})
		t.Logf("a widened policy was put right after %s", repaired)
		require.True(t, g.reads(ctx, t, gina, "shipments/a"), "with what was not granted went what was")
	})
}

func newGrantsStage(ctx context.Context, t *testing.T, p *platform) *grantsStage {
	t.Helper()
	var secret corev1.Secret
	require.NoError(t, p.client(t).Get(ctx, client.ObjectKey{Namespace: "atoll-data", Name: "objectstore-root"}, &secret))
	folder := t.TempDir()
	for _, key := range []string{"access-key", "secret-key"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, key), secret.Data[key], 0o600))
	}
	door := p.openDoor(ctx, t, "atoll-data", "objectstore", 7070, 7071)
	g := &grantsStage{platform: p, endpoint: "http://" + door[7070]}
	g.root = credentials.NewStaticCredentialsProvider(
		strings.TrimSpace(string(secret.Data["access-key"])), strings.TrimSpace(string(secret.Data["secret-key"])), "")
	g.store = objectstore.New(objectstore.Options{
		Endpoint: g.endpoint, IAMEndpoint: "http://" + door[7071], Region: "us-east-1", Credentials: folder,
	})
	require.NoError(t, g.store.EnsureBucket(ctx, grantsBucket))
	for _, key := range []string{"shipments/a", "shipments-secret/a", "salaries/a"} {
		_, err := g.client3(g.root).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(grantsBucket), Key: &key, Body: strings.NewReader(key)})
		require.NoError(t, err)
	}
	return g
}

func (g *grantsStage) client3(by aws.CredentialsProvider) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &g.endpoint, Region: "us-east-1", UsePathStyle: true, Credentials: by, RetryMaxAttempts: 1})
}

// grant gives somebody the shipments to read, waits until the store has it, and returns what removes it.
func (g *grantsStage) grant(ctx context.Context, t *testing.T, name, person string, from, until time.Time) func() {
	t.Helper()
	c := g.client(t)
	dg := &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DataGrantSpec{
		Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: person}, Dataset: "e2e-shipments",
		Actions:   []v1alpha1.GrantAction{v1alpha1.ActionRead},
		NotBefore: v1alpha1.At(from), NotAfter: v1alpha1.At(until), Ceiling: "C2",
		Purpose: "To see when access begins and ends.", RequestedBy: v1alpha1.UserName(person), ApprovedBy: []v1alpha1.UserName{"bob"},
	}}
	require.NoError(t, c.Create(ctx, dg))
	g.applied(ctx, t, name)
	return func() {
		t.Helper()
		require.NoError(t, client.IgnoreNotFound(c.Delete(context.WithoutCancel(ctx), &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: name}})))
	}
}

// person is a client with a key of somebody's account, such as a thief might hold.
func (g *grantsStage) person(ctx context.Context, t *testing.T, name string) *s3.Client {
	t.Helper()
	id, secret, err := g.store.NewKey(ctx, objectstore.Account(name))
	require.NoError(t, err)
	return g.client3(credentials.NewStaticCredentialsProvider(id, secret, ""))
}

// reads says whether an object may be read; any other failure than a denial ends the test.
func (g *grantsStage) reads(ctx context.Context, t *testing.T, by *s3.Client, key string) bool {
	t.Helper()
	out, err := by.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(grantsBucket), Key: &key})
	if err == nil {
		// Only what is read to its end leaves the connection to the next question: a new one now and then takes a second.
		_, err = io.Copy(io.Discard, out.Body)
		require.NoError(t, errors.Join(err, out.Body.Close()))
		return true
	}
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "AccessDenied", api.ErrorCode())
	return false
}
