package cmd

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/version"
)

var server *apitest.Server

// TestMain is the command atoll itself when a script runs it.
func TestMain(m *testing.M) {
	testscript.Main(apiServer{m}, map[string]func(){
		"atoll": func() {
			version.Version = "1.2.3"
			os.Exit(Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// apiServer runs the tests beside an API server.
type apiServer struct{ m *testing.M }

func (a apiServer) Run() int {
	return apitest.Run(a.m, func(s *apitest.Server) { server = s })
}

// TestScripts runs the command lines in testdata. KUBECONFIG is that of an API server with one
// node and no platform.
func TestScripts(t *testing.T) {
	api, err := kubernetes.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	node, err := api.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.0.0.1"}}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	if _, err := api.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serve-pods": servePods, "answer-questions": answerQuestions},
		Setup: func(env *testscript.Env) error {
			file := filepath.Join(env.WorkDir, "kubeconfig")
			env.Setenv("KUBECONFIG", file)
			return os.WriteFile(file, server.Kubeconfig, 0o600)
		},
	})
}

// servePods makes pods as the hub does, in two workspaces: one busy, one about to be stopped, one the hub has not
// looked at, and one that has ended.
func servePods(ts *testscript.TestScript, _ bool, _ []string) {
	api, err := kubernetes.NewForConfig(server.Config)
	ts.Check(err)
	ctx := context.Background()
	for _, ns := range []string{"ws-fraud", "ws-slow"} {
		_, err := api.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{})
		ts.Check(err)
		_, err = api.CoreV1().ServiceAccounts(ns).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
		ts.Check(err)
	}
	decided := time.Now().UTC().Format(time.RFC3339)
	for person, pod := range map[string]struct {
		workspace   string
		phase       corev1.PodPhase
		annotations map[string]string
	}{
		"ada": {"fraud", corev1.PodRunning, map[string]string{
			"atoll.dev/size": "small", "atoll.dev/home-usage": `{"used":96,"size":100,"enforced":true,"complete":true}`,
			"atoll.dev/culling": `{"verdict":"Busy","reason":"a kernel runs a cell","decidedAt":"` + decided + `"}`,
		}},
		"bob": {"fraud", corev1.PodRunning, map[string]string{
			"atoll.dev/culling": `{"verdict":"Ending","reason":"nothing happened in it since 12:00","stopsAt":"2126-11-21T12:10:00Z","decidedAt":"` + decided + `"}`,
		}},
		"cleo": {"slow", corev1.PodPending, map[string]string{"atoll.dev/culling": "edited by hand"}},
		"dan":  {"slow", corev1.PodSucceeded, map[string]string{}},
	} {
		pod.annotations["atoll.dev/person"] = person
		made, err := api.CoreV1().Pods("ws-"+pod.workspace).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "notebook-" + person, Annotations: pod.annotations,
				Labels: map[string]string{"atoll.dev/component": "notebook", "atoll.dev/workspace": pod.workspace, "atoll.dev/profile": "python"},
			},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "notebook", Image: "notebook:1"}}},
		}, metav1.CreateOptions{})
		ts.Check(err)
		made.Status.Phase = pod.phase
		_, err = api.CoreV1().Pods(made.Namespace).UpdateStatus(ctx, made, metav1.UpdateOptions{})
		ts.Check(err)
	}
}
