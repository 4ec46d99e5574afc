package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/gruntwork-io/terratest/modules/shell"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/test/e2e/hub"
)

// platform is the machine under test: a cluster with a name and what was built for it.
type platform struct {
	name       string
	root       string
	kubeconfig string
	terraform  string
}

func newPlatform(t testing.TB) *platform {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	name := os.Getenv("ATOLL_E2E_CLUSTER")
	if name == "" {
		name = "e2e"
	}
	terraform := os.Getenv("TERRAFORM")
	require.NotEmpty(t, terraform, "TERRAFORM must name a terraform or tofu command; make test-e2e sets it")
	return &platform{
		name: name, root: root, terraform: terraform,
		kubeconfig: filepath.Join("/var/lib/atoll-cluster", name, "kubeconfig"),
	}
}

func (p *platform) context() string         { return "atoll-" + p.name }
func (p *platform) bin(name string) string  { return filepath.Join(p.root, "bin", name) }
func (p *platform) path(name string) string { return filepath.Join(p.root, name) }

// stage runs one stage as a subtest, unless SKIP_<name> is set, as terratest's stages do.
// A stage that fails ends the test: what follows builds on it.
func stage(t *testing.T, name string, run func(t *testing.T)) {
	t.Helper()
	if os.Getenv("SKIP_"+name) != "" {
		t.Logf("stage %s left out: SKIP_%s is set", name, name)
		return
	}
	if !t.Run(name, run) {
		t.FailNow()
	}
}

// explain prints what the cluster says of a test that failed: the log of a run elsewhere is all that is left of it.
func (p *platform) explain(t *testing.T) {
	if !t.Failed() {
		return
	}
	for _, args := range [][]string{
		{"get", "nodes,pods", "--all-namespaces"},
		{"get", "events", "--all-namespaces", "--field-selector=type=Warning", "--sort-by=.lastTimestamp"},
	} {
		if _, err := p.try(t, p.bin("assets/kubectl"), args...); err != nil {
			t.Log(err)
		}
	}
}

// output runs a command of the house and returns what it prints; the test fails when it does.
func (p *platform) output(t testing.TB, command string, args ...string) string {
	t.Helper()
	out, err := p.try(t, command, args...)
	require.NoError(t, err, out)
	return out
}

// answer runs a command of the house that prints JSON; progress on standard error is not part of it.
func (p *platform) answer(t testing.TB, into any, command string, args ...string) {
	t.Helper()
	out, err := shell.RunCommandContextAndGetStdOutE(t, t.Context(), p.command(command, args))
	require.NoError(t, err, out)
	require.NoError(t, json.Unmarshal([]byte(out), into), out)
}

func (p *platform) command(command string, args []string) *shell.Command {
	return &shell.Command{Command: command, Args: args, WorkingDir: p.root, Env: map[string]string{"KUBECONFIG": p.kubeconfig}}
}

func (p *platform) try(t testing.TB, command string, args ...string) (string, error) {
	t.Helper()
	return shell.RunCommandContextAndGetOutputE(t, t.Context(), p.command(command, args))
}

func (p *platform) kubectl(t testing.TB, args ...string) string {
	t.Helper()
	return p.output(t, p.bin("assets/kubectl"), args...)
}

// logs is what the pods of an application have logged since a time, without a word of it in the test's own log.
func (p *platform) logs(ctx context.Context, t testing.TB, namespace, application, container string, since time.Time) string {
	t.Helper()
	pods := p.clientset(t).CoreV1().Pods(namespace)
	list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + application, FieldSelector: "status.phase=Running"})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items, "pods of %s/%s", namespace, application)
	var all strings.Builder
	for _, pod := range list.Items {
		text, err := pods.GetLogs(pod.Name, &corev1.PodLogOptions{Container: container, SinceTime: &metav1.Time{Time: since}}).DoRaw(ctx)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}

func (p *platform) restConfig(t testing.TB) *rest.Config {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", p.kubeconfig)
	require.NoError(t, err)
	cfg.QPS = -1
	return cfg
}

func (p *platform) clientset(t testing.TB) *kubernetes.Clientset {
	t.Helper()
	cs, err := kubernetes.NewForConfig(p.restConfig(t))
	require.NoError(t, err)
	return cs
}

func (p *platform) client(t testing.TB) client.Client {
	t.Helper()
	log.SetLogger(logr.Discard())
	c, err := client.New(p.restConfig(t), client.Options{})
	require.NoError(t, err)
	require.NoError(t, v1alpha1.AddToScheme(c.Scheme()))
	return c
}

// eventually polls until the condition holds, and returns how long it took.
func eventually(t testing.TB, limit time.Duration, what string, condition func(context.Context) (bool, error)) time.Duration {
	t.Helper()
	started := time.Now()
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, limit, true, condition)
	require.NoError(t, err, "waiting %s for %s", limit, what)
	return time.Since(started).Round(10 * time.Millisecond)
}

// statusReport is what `atoll status -o json` prints.
type statusReport struct {
	Ready       bool   `json:"ready"`
	HubURL      string `json:"hubURL"`
	Subclusters []struct {
		Name       string `json:"name"`
		Ready      bool   `json:"ready"`
		Components []struct {
			Name     string   `json:"name"`
			State    string   `json:"state"`
			Version  string   `json:"version"`
			Images   []string `json:"images"`
			Health   string   `json:"health"`
			Reason   string   `json:"reason"`
			Revision int      `json:"revision"`
		} `json:"components"`
	} `json:"subclusters"`
}

func (p *platform) status(t testing.TB) statusReport {
	t.Helper()
	var report statusReport
	out, err := shell.RunCommandContextAndGetStdOutE(t, t.Context(), &shell.Command{
		Command: p.bin("atoll"), Args: []string{"status", "--context", p.context(), "-o", "json"},
		WorkingDir: p.root, Env: map[string]string{"KUBECONFIG": p.kubeconfig},
	})
	require.NoError(t, err, out)
	require.NoError(t, json.Unmarshal([]byte(out), &report), out)
	return report
}

// signIn signs a person in with the password that the installer generated.
func (p *platform) signIn(t testing.TB, person string) *hub.Session {
	t.Helper()
	session, err := hub.SignIn(t.Context(), p.status(t).HubURL, person, p.password(t, person))
	require.NoError(t, err)
	return session
}

func (p *platform) password(t testing.TB, person string) string {
	t.Helper()
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: "atoll-system", Name: "keycloak-people"}
	require.NoError(t, p.client(t).Get(t.Context(), key, &secret))
	require.NotEmpty(t, secret.Data[person], "no password of %s in %s", person, key)
	return string(secret.Data[person])
}
