package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const (
	receiver     = "e2e-receiver"
	receiverHost = receiver + "." + receiver + ".svc"
	// webhookPort is one that the operator's network policy opens without being told to.
	webhookPort = 6443
	mailPort    = 2525
	// gitPort is opened to runs, and closedPort, where the same server listens, is not.
	gitPort    = 8000
	closedPort = 8001
)

// receiverProgram prints what is posted and mailed to it, decoded, and serves a git repository by git's own backend.
const receiverProgram = `
import asyncore, email, http.server, json, os, smtpd, subprocess, threading

def say(how, text):
    print(json.dumps({"how": how, "text": text}), flush=True)

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        say("posted", json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
        self.send_response(200)
        self.end_headers()

class Relay(smtpd.SMTPServer):
    def process_message(self, peer, sender, to, data, **options):
        say("mailed to " + ",".join(to), email.message_from_bytes(data).get_payload(decode=True).decode())

root = "/tmp/served"
work = root + "/work"
os.makedirs(work + "/daily")
os.makedirs(root + "/cgi-bin")
os.symlink(subprocess.check_output(["git", "--exec-path"], text=True).strip() + "/git-http-backend", root + "/cgi-bin/git")
os.environ |= {"GIT_PROJECT_ROOT": root, "GIT_HTTP_EXPORT_ALL": "1", "HOME": "/tmp"}
def git(*arguments):
    subprocess.check_call(["git", "-C", work, "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", *arguments], stdout=2)
def commit(line):
    cell = {"cell_type": "code", "id": "only", "execution_count": None, "metadata": {}, "outputs": [], "source": ["print(%r)" % line]}
    with open(work + "/daily/load.ipynb", "w") as file:
        json.dump({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, file)
    git("add", ".")
    git("commit", "-q", "-m", line)
git("init", "-q", "-b", "main")
commit("as reviewed at v1")
git("tag", "v1")
commit("as nobody reviewed it")
git("clone", "-q", "--bare", work, root + "/reports.git")

os.chdir(root)
for port, handler in ((6443, Hook), (8000, http.server.CGIHTTPRequestHandler), (8001, http.server.CGIHTTPRequestHandler)):
    threading.Thread(target=http.server.ThreadingHTTPServer(("", port), handler).serve_forever).start()
Relay(("0.0.0.0", 2525), None)
asyncore.loop()`

// startReceiver runs what alerts are sent to and notebooks are taken from, and tells the operator its URL.
func startReceiver(t *testing.T, p *platform) {
	t.Helper()
	c := p.client(t)
	labels := map[string]string{"app": receiver}
	meta := metav1.ObjectMeta{Namespace: receiver, Name: receiver}
	var profile v1alpha1.Profile
	require.NoError(t, c.Get(t.Context(), client.ObjectKey{Name: "python"}, &profile))
	var ports []corev1.ServicePort
	for _, port := range []int32{webhookPort, mailPort, gitPort, closedPort} {
		ports = append(ports, corev1.ServicePort{Name: fmt.Sprintf("p%d", port), Port: port})
	}
	for _, obj := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: receiver}},
		&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Selector: labels, Ports: ports}},
		&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To(int32(1)),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "receiver", Image: profile.Spec.Image, ImagePullPolicy: corev1.PullIfNotPresent,
					Command: []string{"python3", "-W", "ignore", "-c", receiverProgram},
				}}},
			},
		}},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "atoll-directory", Name: "atoll-notifications"},
			StringData: map[string]string{"fraud.team": fmt.Sprintf("http://%s:%d/", receiverHost, webhookPort)},
		},
	} {
		if err := c.Create(t.Context(), obj); !apierrors.IsAlreadyExists(err) {
			require.NoError(t, err)
		}
		t.Cleanup(func() { _ = c.Delete(context.Background(), obj) })
	}
}

// withReceiver is the quickstart's platform with the receiver as its mail relay, and as the git server that runs may reach.
func withReceiver(t *testing.T, p *platform) string {
	t.Helper()
	var address string
	eventually(t, 2*time.Minute, "the receiver to run", func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		err := p.client(t).List(ctx, &pods, client.InNamespace(receiver))
		for _, pod := range pods.Items {
			address = pod.Status.PodIP
		}
		return address != "", err
	})
	return withComponents(t, p, fmt.Sprintf(`
    - name: operator
      values:
        runs: {egress: ["%s/32:%d"]}
        notifications: {smtp: {host: %s, port: %d, security: None, from: atoll@example.com, toDomains: [example.com]}}
`, address, gitPort, receiverHost, mailPort))
}

// withComponents is the quickstart's platform with components, as the YAML of their list.
func withComponents(t *testing.T, p *platform, list string) string {
	t.Helper()
	text, err := os.ReadFile(p.path("examples/quickstart/platform.yaml"))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "platform.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.TrimSpace(string(text))+"\n  components:\n"+strings.Trim(list, "\n")+"\n"), 0o600))
	return file
}

// received are the messages that came one way.
func received(t *testing.T, p *platform, how string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(p.kubectl(t, "-n", receiver, "logs", "deploy/"+receiver)) {
		var message struct{ How, Text string }
		if json.Unmarshal([]byte(line), &message) == nil && message.How == how {
			all = append(all, message.Text)
		}
	}
	return all
}
