package charts_test

import (
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// workload is an object that makes pods. Only a long-running one is probed.
type workload struct {
	object
	template    corev1.PodTemplateSpec
	replicas    int32
	longRunning bool
}

func workloads(objects []object) []workload {
	var found []workload
	for _, obj := range objects {
		switch obj := obj.(type) {
		case *appsv1.Deployment:
			found = append(found, workload{obj, obj.Spec.Template, *obj.Spec.Replicas, true})
		case *appsv1.StatefulSet:
			found = append(found, workload{obj, obj.Spec.Template, *obj.Spec.Replicas, true})
		case *appsv1.DaemonSet:
			found = append(found, workload{obj, obj.Spec.Template, 1, true})
		case *batchv1.Job:
			found = append(found, workload{obj, obj.Spec.Template, 1, false})
		case *batchv1.CronJob:
			found = append(found, workload{obj, obj.Spec.JobTemplate.Spec.Template, 1, false})
		case *corev1.PodTemplate:
			found = append(found, workload{obj, obj.Template, 1, false})
		case *corev1.Pod:
			found = append(found, workload{obj, corev1.PodTemplateSpec{ObjectMeta: obj.ObjectMeta, Spec: obj.Spec}, 1, false})
		}
	}
	return found
}

// callers are the pods that talk to the Kubernetes API, and so the only ones that carry a token.
var callers = map[string]bool{
	"directory/operator/operator": true,
	"application/hub/hub":         true,
	"system/metrics/metrics":      true,
	// Makes the pods of tasks, reads their logs, reads schedules.
	"directory/airflow/scheduler":     true,
	"directory/airflow/api-server":    true,
	"directory/airflow/dag-processor": true,
}

func TestPods(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	for name, tc := range cases(t) {
		t.Run(name, func(t *testing.T) {
			objects := render(t, tc.dir, tc.values)
			for _, w := range workloads(objects) {
				for _, check := range evaluator.EvaluatePod(restricted, &w.template.ObjectMeta, &w.template.Spec) {
					if !check.Allowed {
						t.Errorf("%s is not restricted: %s: %s", id(w), check.ForbiddenReason, check.ForbiddenDetail)
					}
				}
				checkPod(t, tc, w, objects)
				checkPlacement(t, tc, w)
				checkNetwork(t, w, objects)
				for _, container := range append(w.template.Spec.InitContainers, w.template.Spec.Containers...) {
					checkContainer(t, w, container)
				}
			}
		})
	}
}

func checkPod(t *testing.T, tc testCase, w workload, objects []object) {
	t.Helper()
	spec := w.template.Spec
	if want := "atoll-" + subcluster(tc.dir); spec.PriorityClassName != want {
		t.Errorf("%s has priorityClassName %q, want %q", id(w), spec.PriorityClassName, want)
	}
	for key, want := range w.GetLabels() {
		if got := w.template.Labels[key]; got != want {
			t.Errorf("%s: its pods have label %s = %q, want %q", id(w), key, got, want)
		}
	}
	if got, want := automounts(spec, objects), callers[tc.dir+"/"+w.template.Labels["atoll.dev/component"]]; got != want {
		t.Errorf("%s mounts a token for the Kubernetes API: %t, want %t", id(w), got, want)
	}
	if spec.ServiceAccountName == "" {
		t.Errorf("%s runs as the namespace's default service account", id(w))
	}
	if w.replicas > 1 && !disruptionBudgeted(w, objects) {
		t.Errorf("%s has %d replicas and no PodDisruptionBudget", id(w), w.replicas)
	}
}

func checkContainer(t *testing.T, w workload, c corev1.Container) {
	t.Helper()
	if want := testRegistry + "/"; !strings.HasPrefix(c.Image, want) || !strings.HasSuffix(c.Image, ":"+testVersion) {
		t.Errorf("%s: container %s has image %q, want %s<name>:%s", id(w), c.Name, c.Image, want, testVersion)
	}
	if c.ImagePullPolicy != corev1.PullIfNotPresent {
		t.Errorf("%s: container %s has imagePullPolicy %q", id(w), c.Name, c.ImagePullPolicy)
	}
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
		t.Errorf("%s: container %s lacks a request of CPU or memory or a limit of memory: %v", id(w), c.Name, c.Resources)
	}
	if sc := c.SecurityContext; sc == nil || sc.ReadOnlyRootFilesystem == nil || !*sc.ReadOnlyRootFilesystem {
		t.Errorf("%s: container %s can write its root file system", id(w), c.Name)
	}
	for _, env := range c.Env {
		if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef != nil {
			t.Logf("%s: container %s reads Secret %s into its environment", id(w), c.Name, env.ValueFrom.SecretKeyRef.Name)
		}
	}
	if !w.longRunning || isInit(w.template.Spec, c.Name) {
		return
	}
	if c.ReadinessProbe == nil || c.LivenessProbe == nil {
		t.Errorf("%s: container %s lacks a readiness or liveness probe", id(w), c.Name)
	}
}

func checkPlacement(t *testing.T, tc testCase, w workload) {
	t.Helper()
	const key = "atoll.dev/subcluster"
	spec := w.template.Spec
	if tc.placement == "Relaxed" {
		if len(spec.NodeSelector) > 0 || len(spec.Tolerations) > 0 {
			t.Errorf("%s is placed though placement is Relaxed: %v %v", id(w), spec.NodeSelector, spec.Tolerations)
		}
		return
	}
	sub := subcluster(tc.dir)
	if spec.NodeSelector[key] != sub {
		t.Errorf("%s has nodeSelector %v, want %s=%s", id(w), spec.NodeSelector, key, sub)
	}
	taint := corev1.Toleration{Key: key, Operator: corev1.TolerationOpEqual, Value: sub, Effect: corev1.TaintEffectNoSchedule}
	for _, toleration := range spec.Tolerations {
		if toleration == taint {
			return
		}
	}
	t.Errorf("%s tolerates %v, want %v", id(w), spec.Tolerations, taint)
}

// checkNetwork wants a policy for the pods of every workload, which lets Prometheus in where they offer metrics.
func checkNetwork(t *testing.T, w workload, objects []object) {
	t.Helper()
	annotations := w.template.Annotations
	scraped := annotations["prometheus.io/scrape"] == "true"
	selected, open := false, false
	for _, obj := range objects {
		np, ok := obj.(*networkingv1.NetworkPolicy)
		if !ok || !selects(t, &np.Spec.PodSelector, w.template.Labels) {
			continue
		}
		selected = true
		for _, rule := range np.Spec.Ingress {
			open = open || scraped && letsMetricsIn(t, rule, annotations["prometheus.io/port"])
		}
	}
	if !selected {
		t.Errorf("%s: no NetworkPolicy of the chart selects its pods", id(w))
	}
	if scraped && !open {
		t.Errorf("%s: Prometheus may not reach its metrics on port %s", id(w), annotations["prometheus.io/port"])
	}
	if w.longRunning && !scraped {
		t.Errorf("%s offers no metrics", id(w))
	}
}

func letsMetricsIn(t *testing.T, rule networkingv1.NetworkPolicyIngressRule, port string) bool {
	t.Helper()
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Errorf("prometheus.io/port is %q", port)
		return false
	}
	portOpen := false
	for _, p := range rule.Ports {
		portOpen = portOpen || p.Port != nil && *p.Port == intstr.FromInt(number)
	}
	for _, peer := range rule.From {
		if peer.NamespaceSelector != nil && peer.PodSelector != nil &&
			selects(t, peer.NamespaceSelector, map[string]string{"kubernetes.io/metadata.name": "atoll-system"}) &&
			selects(t, peer.PodSelector, map[string]string{"app.kubernetes.io/name": "metrics"}) {
			return portOpen
		}
	}
	return false
}

func selects(t *testing.T, selector *metav1.LabelSelector, set map[string]string) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(set))
}

func automounts(spec corev1.PodSpec, objects []object) bool {
	if spec.AutomountServiceAccountToken != nil {
		return *spec.AutomountServiceAccountToken
	}
	for _, obj := range objects {
		sa, ok := obj.(*corev1.ServiceAccount)
		if ok && sa.Name == spec.ServiceAccountName && sa.AutomountServiceAccountToken != nil {
			return *sa.AutomountServiceAccountToken
		}
	}
	return true
}

func disruptionBudgeted(w workload, objects []object) bool {
	for _, obj := range objects {
		pdb, ok := obj.(*policyv1.PodDisruptionBudget)
		if !ok || pdb.Spec.Selector == nil {
			continue
		}
		s, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
		if err == nil && s.Matches(labels.Set(w.template.Labels)) {
			return true
		}
	}
	return false
}

func isInit(spec corev1.PodSpec, name string) bool {
	for _, c := range spec.InitContainers {
		if c.Name == name {
			return true
		}
	}
	return false
}
