package schedule_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/runner"
)

// bound is a token of a pod's ServiceAccount for an audience, as the kubelet asks for it; of the account alone without a pod.
func bound(t *testing.T, namespace, account, audience string, pod *corev1.Pod) string {
	t.Helper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To(int64(600)), Audiences: []string{audience}}}
	if pod != nil {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID}
	}
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account}}
	must(admin.SubResource("token").Create(ctx, sa, request))
	return request.Status.Token
}

// Only the pod of an attempt gets what opens the attempt's notebooks, and nothing of it stands in the pod.
func TestDesk(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "desk")
	s := newSchedule(t, "desk", "nightly", func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks = []v1alpha1.Task{
			{Name: "home", Notebook: v1alpha1.Notebook{Home: "load.ipynb"}},
			{Name: "object", Notebook: v1alpha1.Notebook{Object: "a/b.ipynb"}},
		}
	})
	id := startRun(t, s, "now")
	home, object := pod(t, s, id+"-home-1"), pod(t, s, id+"-object-1")
	for _, p := range []*corev1.Pod{home, object} {
		text, err := json.Marshal(p)
		must(err)
		if strings.Contains(string(text), "http://store") {
			t.Errorf("pod %s has a URL of the object store in it", p.Name)
		}
		for _, m := range p.Spec.Containers[0].VolumeMounts {
			if m.Name == "desk" {
				t.Errorf("the notebook of pod %s can ask in the operator's name", p.Name)
			}
		}
	}
	server := home.DeepCopy()
	server.ObjectMeta = metav1.ObjectMeta{Namespace: s.Namespace, Name: "server", Labels: map[string]string{v1alpha1.LabelComponent: "notebook", v1alpha1.LabelRun: id, v1alpha1.LabelTask: "home"}}
	server.Spec.NodeName = ""
	must(admin.Create(ctx, server))
	scheme := admin.Scheme()
	own, err := client.New(controllertest.As(config), client.Options{Scheme: scheme})
	must(err)
	desk := &run.Desk{Client: own, Store: fakeStore{}, Clock: clocktesting.NewFakePassiveClock(o.clock.Now()), Log: logr.Discard()}
	const account = "person-ada"
	for _, tt := range []struct {
		name, path, token string
		status            int
		want              string
	}{
		{"where the executed notebook goes", runner.PathOutput, bound(t, s.Namespace, account, runner.Audience, home), 200, "http://store/put/outputs/desk/nightly/" + id + "/home-1.ipynb"},
		{"where the other task's goes", runner.PathOutput, bound(t, s.Namespace, account, runner.Audience, object), 200, "http://store/put/outputs/desk/nightly/" + id + "/object-1.ipynb"},
		{"where the notebook is", runner.PathNotebook, bound(t, s.Namespace, account, runner.Audience, object), 200, "http://store/get/notebooks/desk/a/b.ipynb"},
		{"a notebook of the home", runner.PathNotebook, bound(t, s.Namespace, account, runner.Audience, home), 404, "no object"},
		{"another path", "/v1/other", bound(t, s.Namespace, account, runner.Audience, home), 404, "ask with"},
		{"no token", runner.PathOutput, "", 401, "no token"},
		{"a token that is none", runner.PathOutput, "x.y.z", 401, "no token"},
		{"a token for something else", runner.PathOutput, bound(t, s.Namespace, account, "atoll.dev/data", home), 401, "no token"},
		{"a token of no pod", runner.PathOutput, bound(t, s.Namespace, account, runner.Audience, nil), 401, "no token"},
		{"a person's server", runner.PathOutput, bound(t, s.Namespace, account, runner.Audience, server), 401, "of no run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, tt.path, nil)
			if tt.token != "" {
				request.Header.Set("Authorization", "Bearer "+tt.token)
			}
			answer := httptest.NewRecorder()
			desk.ServeHTTP(answer, request)
			if answer.Code != tt.status || !strings.Contains(answer.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d %s", answer.Code, answer.Body, tt.status, tt.want)
			}
		})
	}
}
