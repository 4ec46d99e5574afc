package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/test/e2e/hub"
)

const (
	fileOfAda = "kept.txt"
	textOfAda = "written by ada"
)

var hubDefaults = hub.Options{}

func withTimeout(t testing.TB, limit time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), limit)
}

// testPersonWorks: start, run a cell, write, stop, start again, find it.
func testPersonWorks(t testing.TB, p *platform) {
	ctx, cancel := withTimeout(t, 5*time.Minute)
	defer cancel()
	ada := p.signIn(t, "ada")
	page, err := ada.Page(ctx, "/hub/home")
	require.NoError(t, err)
	require.Contains(t, page, "fraud")

	started := time.Now()
	require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	t.Logf("ada's first server answered after %s", time.Since(started).Round(time.Millisecond))
	out, err := ada.Run(ctx, "fraud", fmt.Sprintf("open(%q, 'w').write(%q); 6 * 7", fileOfAda, textOfAda))
	require.NoError(t, err)
	require.Equal(t, "42", strings.TrimSpace(out))

	require.NoError(t, ada.Stop(ctx, "fraud"))
	require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	text, err := ada.ReadFile(ctx, "fraud", fileOfAda)
	require.NoError(t, err)
	require.Equal(t, textOfAda, text)
}

// testIsolation looks at ada's pod from outside and tries to break out from inside.
func testIsolation(t testing.TB, p *platform) {
	ctx, cancel := withTimeout(t, 3*time.Minute)
	defer cancel()
	var pods corev1.PodList
	require.NoError(t, p.client(t).List(ctx, &pods, client.InNamespace("ws-fraud"), client.MatchingLabels{"atoll.dev/component": "notebook"}))
	require.Len(t, pods.Items, 1)
	pod := pods.Items[0]
	require.Equal(t, "person-ada", pod.Spec.ServiceAccountName)
	require.Equal(t, "atoll-application", pod.Spec.PriorityClassName)

	ada := p.signIn(t, "ada")
	run := func(code string) string {
		out, err := ada.Run(ctx, "fraud", code)
		require.NoError(t, err, code)
		return strings.TrimSpace(out)
	}
	require.NotEqual(t, "0", run("import os; os.getuid()"))
	require.Equal(t, "0000000000000000", run(`[l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')][0]; print([l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')][0], end='')`)[:16])

	// The network: the object store answers, everything else is out of reach.
	dial := func(host string, port int) string {
		return run(fmt.Sprintf(`
import socket
try:
    socket.create_connection((%q, %d), timeout=3).close()
    print("open")
except OSError as e:
    print("closed")
`, host, port))
	}
	require.Equal(t, "open", dial("objectstore.atoll-data.svc", 7070))
	require.Equal(t, "closed", dial("kubernetes.default.svc", 443), "the API server")
	require.Equal(t, "closed", dial("keycloak.atoll-system.svc", 8080), "the identity provider's Service")
	require.Equal(t, "closed", dial("metrics.atoll-system.svc", 9090), "the metrics")

	// The rights: ada's token, read inside the pod and tried where the network lets it through.
	token := run(`print(open('/var/run/secrets/kubernetes.io/serviceaccount/token').read())`)
	admin := p.restConfig(t)
	asAda, err := kubernetes.NewForConfig(&rest.Config{Host: admin.Host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: admin.CAData, CAFile: admin.CAFile}})
	require.NoError(t, err)
	_, err = asAda.CoreV1().Secrets("atoll-system").List(ctx, metav1.ListOptions{})
	require.True(t, apierrors.IsForbidden(err), "secrets of the platform: %v", err)
	require.ErrorContains(t, err, "system:serviceaccount:ws-fraud:person-ada")
	_, err = asAda.CoreV1().Secrets("ws-fraud").List(ctx, metav1.ListOptions{})
	require.True(t, apierrors.IsForbidden(err), "secrets of the workspace: %v", err)
	_, err = asAda.CoreV1().Pods("ws-fraud").List(ctx, metav1.ListOptions{})
	require.True(t, apierrors.IsForbidden(err), "pods of the workspace: %v", err)
}

// testOthersAreRefused: eve is no member of fraud, dana may only look.
func testOthersAreRefused(t testing.TB, p *platform) {
	ctx, cancel := withTimeout(t, 2*time.Minute)
	defer cancel()
	eve := p.signIn(t, "eve")
	page, err := eve.Page(ctx, "/hub/home")
	require.NoError(t, err)
	require.NotContains(t, page, "fraud")
	require.Contains(t, page, "marketing")

	var refused *hub.StatusError
	require.ErrorAs(t, eve.Start(ctx, "fraud", hubDefaults), &refused)
	require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, refused.Code, refused.Body)

	_, err = hub.SignIn(ctx, p.status(t).HubURL, "eve", "not her password")
	require.ErrorIs(t, err, hub.ErrSignInRefused)

	// eve's own token opens no door at ada's server.
	_, err = eve.Peek(ctx, "ada", "fraud")
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusForbidden, refused.Code, refused.Body)
}

// testGroupMember: bob is in fraud through the group analysts only.
func testGroupMember(t testing.TB, p *platform) {
	ctx, cancel := withTimeout(t, 3*time.Minute)
	defer cancel()
	bob := p.signIn(t, "bob")
	require.NoError(t, bob.Start(ctx, "fraud", hubDefaults))
	out, err := bob.Run(ctx, "fraud", "import os; sorted(os.listdir('.')).count('"+fileOfAda+"')")
	require.NoError(t, err)
	require.Equal(t, "0", strings.TrimSpace(out), "bob must not see ada's files")
	require.NoError(t, bob.Stop(ctx, "fraud"))
}
