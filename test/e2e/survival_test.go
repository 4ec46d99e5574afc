package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// testSurvival kills what the platform stands on, at several moments each, and looks whether anything was lost or doubled.
// ada's server runs all the while.
func testSurvival(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 20*time.Minute)
	defer cancel()
	ada := p.signIn(t, "ada")
	server := p.server(t, "ws-fraud", "ada")
	unharmed := func(t testing.TB) {
		t.Helper()
		p.whole(t)
		require.Equal(t, server.UID, p.server(t, "ws-fraud", "ada").UID, "ada's server was replaced")
		eventually(t, time.Minute, "ada's server to answer through the hub", func(ctx context.Context) (bool, error) {
			text, err := ada.ReadFile(ctx, "fraud", fileOfAda)
			return err == nil && text == textOfAda, nil
		})
	}
	for i, after := range []time.Duration{0, 250 * time.Millisecond} {
		t.Run(fmt.Sprintf("operator killed %s into a new workspace", after), func(t *testing.T) {
			name := fmt.Sprintf("survivor-%d", i)
			p.newWorkspace(t, name)
			time.Sleep(after)
			p.kill(t, "atoll-directory", "operator")
			p.settledAfter(t, name)
			unharmed(t)
		})
	}
	t.Run("operator killed while a workspace is deleted", func(t *testing.T) {
		require.NoError(t, p.client(t).Delete(ctx, &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: "survivor-0"}}))
		p.kill(t, "atoll-directory", "operator")
		took := eventually(t, 2*time.Minute, "the workspace to be gone", func(ctx context.Context) (bool, error) {
			err := p.client(t).Get(ctx, client.ObjectKey{Name: "survivor-0"}, &v1alpha1.Workspace{})
			return apierrors.IsNotFound(err), nil
		})
		t.Logf("gone after %s", took)
		unharmed(t)
	})
	t.Run("hub killed while a server runs", func(t *testing.T) {
		p.kill(t, "atoll-application", "hub")
		unharmed(t)
	})
	for _, after := range []time.Duration{time.Second} {
		t.Run(fmt.Sprintf("hub killed %s into a start", after), func(t *testing.T) {
			bob := p.signIn(t, "bob")
			failed := make(chan error, 1)
			go func() { failed <- bob.Start(ctx, "fraud", hubDefaults) }()
			time.Sleep(after)
			p.kill(t, "atoll-application", "hub")
			t.Logf("the start ended with: %v", <-failed)
			p.whole(t)
			again := p.signIn(t, "bob")
			took := eventually(t, time.Minute, "bob's server, which had begun to start, to be there", func(ctx context.Context) (bool, error) {
				there, err := again.Ready(ctx, "fraud")
				return err == nil && there, nil
			})
			t.Logf("the start that the old hub began was taken up %s after the new one served", took)
			p.server(t, "ws-fraud", "bob") // exactly one
			require.NoError(t, again.Stop(ctx, "fraud"))
			unharmed(t)
		})
	}
	t.Run("proxy killed while a server runs", func(t *testing.T) {
		p.kill(t, "atoll-application", "proxy")
		unharmed(t)
	})
	for _, component := range []string{"kube-apiserver", "etcd"} {
		for i, after := range []time.Duration{0, 60 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s killed %s into a new workspace", component, after), func(t *testing.T) {
				name := fmt.Sprintf("%s-survivor-%d", component, i)
				p.newWorkspace(t, name)
				time.Sleep(after)
				p.killControlPlane(t, component)
				p.output(t, p.bin("atoll-cluster"), "up", "--name", p.name, "--nodes", "real")
				p.settledAfter(t, name)
				unharmed(t)
			})
		}
	}
	p.dropSurvivors(t)
}

// server is the one pod of a person's server.
func (p *platform) server(t testing.TB, namespace, slug string) corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	require.NoError(t, p.client(t).List(t.Context(), &pods, client.InNamespace(namespace),
		client.MatchingLabels{v1alpha1.LabelComponent: "notebook", v1alpha1.LabelPerson: slug}))
	require.Len(t, pods.Items, 1, "servers of %s in %s", slug, namespace)
	return pods.Items[0]
}

// whole waits until all the platform is ready.
func (p *platform) whole(t testing.TB) {
	t.Helper()
	took := eventually(t, 4*time.Minute, "the platform to be ready", func(context.Context) (bool, error) {
		_, err := p.try(t, p.bin("atoll"), "status", "--context", p.context())
		return err == nil, nil
	})
	t.Logf("the platform is ready after %s", took)
}

// newWorkspace makes a workspace like fraud.
func (p *platform) newWorkspace(t testing.TB, name string) {
	t.Helper()
	var fraud v1alpha1.Workspace
	require.NoError(t, p.client(t).Get(t.Context(), client.ObjectKey{Name: "fraud"}, &fraud))
	ws := &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: fraud.Spec}
	ws.Spec.DeletionPolicy = v1alpha1.DeletionDelete
	require.NoError(t, p.client(t).Create(t.Context(), ws))
}

// settledAfter waits until a workspace is Ready, and has exactly what fraud has.
func (p *platform) settledAfter(t testing.TB, name string) {
	t.Helper()
	took := eventually(t, 3*time.Minute, "workspace "+name+" to be Ready", func(ctx context.Context) (bool, error) {
		var ws v1alpha1.Workspace
		// A control plane that was killed answers nothing for a while.
		err := p.client(t).Get(ctx, client.ObjectKey{Name: name}, &ws)
		return err == nil && ws.Status.ObservedGeneration == ws.Generation && meta.IsStatusConditionTrue(ws.Status.Conditions, v1alpha1.ConditionReady), nil
	})
	t.Logf("the workspace is Ready after %s", took)
	const kinds = "resourcequotas,limitranges,networkpolicies,rolebindings"
	list := func(ns string) string { return p.kubectl(t, "-n", ns, "get", kinds, "-o", "name") }
	require.Equal(t, list("ws-fraud"), list("ws-"+name), "the workspace has other objects than fraud")
}

// dropSurvivors deletes the workspaces that this stage made.
func (p *platform) dropSurvivors(t testing.TB) {
	t.Helper()
	var all v1alpha1.WorkspaceList
	require.NoError(t, p.client(t).List(t.Context(), &all))
	for i := range all.Items {
		if strings.Contains(all.Items[i].Name, "survivor") {
			require.NoError(t, client.IgnoreNotFound(p.client(t).Delete(t.Context(), &all.Items[i])))
		}
	}
}

// kill ends every process of a component's pods with SIGKILL, and returns once Kubernetes has started them again. It
// waits longer each time before it does.
func (p *platform) kill(t testing.TB, namespace, component string) {
	t.Helper()
	var pods corev1.PodList
	require.NoError(t, p.client(t).List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/component": component}))
	if len(pods.Items) == 0 {
		require.NoError(t, p.client(t).List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/name": component}))
	}
	require.NotEmpty(t, pods.Items, "pods of %s/%s", namespace, component)
	for _, pod := range pods.Items {
		killed := 0
		for _, pid := range processesOf(t, string(pod.UID)) {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
		require.Positive(t, killed, "processes of %s/%s", namespace, pod.Name)
		took := eventually(t, 2*time.Minute, pod.Name+" to run again", func(ctx context.Context) (bool, error) {
			var now corev1.Pod
			err := p.client(t).Get(ctx, client.ObjectKeyFromObject(&pod), &now)
			return err == nil && restarts(&now) > restarts(&pod) && now.Status.Phase == corev1.PodRunning && ready(&now), nil
		})
		t.Logf("%s was killed and is ready again after %s", pod.Name, took)
	}
}

func restarts(pod *corev1.Pod) (n int32) {
	for _, c := range pod.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}

func ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// processesOf finds the processes of a pod by their control groups; the one that only holds the pod's namespaces is left out.
func processesOf(t testing.TB, uid string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	require.NoError(t, err)
	var pids []int
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil || (!strings.Contains(string(raw), uid) && !strings.Contains(string(raw), strings.ReplaceAll(uid, "-", "_"))) {
			continue
		}
		folder := filepath.Dir(file)
		name, err := os.ReadFile(filepath.Join(folder, "comm"))
		if err != nil || strings.TrimSpace(string(name)) == "pause" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(folder))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// killControlPlane ends a process of the local cluster with SIGKILL.
func (p *platform) killControlPlane(t testing.TB, component string) {
	t.Helper()
	var status struct {
		Components []struct {
			Name string
			PID  int
		}
	}
	p.answer(t, &status, p.bin("atoll-cluster"), "status", "--name", p.name, "-o", "json")
	for _, c := range status.Components {
		if c.Name == component {
			require.NoError(t, syscall.Kill(c.PID, syscall.SIGKILL))
			return
		}
	}
	require.Fail(t, "no such component", component)
}

// killedAfter starts a command of the house and kills it after a while; it says whether it had ended by itself.
func (p *platform) killedAfter(t testing.TB, after time.Duration, dir string, env map[string]string, command string, args ...string) bool {
	t.Helper()
	c := exec.Command(command, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "KUBECONFIG="+p.kubeconfig)
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	// The provider is a child of terraform: the group goes as one, as at a power cut.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		t.Logf("%s %s ended before %s: %v", filepath.Base(command), args[0], after, err)
		return true
	case <-time.After(after):
	}
	require.NoError(t, syscall.Kill(-c.Process.Pid, syscall.SIGKILL))
	t.Logf("%s %s was killed after %s: %v", filepath.Base(command), args[0], after, <-ended)
	return false
}
