package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/runner"
)

// startRun makes a run of a schedule, as a person does, and waits until it has begun or ended.
func startRun(t testing.TB, s *v1alpha1.Schedule, id string) string {
	t.Helper()
	r := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name + "-" + id}, Spec: v1alpha1.RunSpec{Schedule: s.Name}}
	must(admin.Create(ctx, r))
	return r.Name
}

func task(name string, dependsOn ...string) v1alpha1.Task {
	return v1alpha1.Task{Name: name, Notebook: v1alpha1.Notebook{Home: name + ".ipynb"}, DependsOn: dependsOn}
}

func TestTasksAreReleasedInOrder(t *testing.T) {
	newOperator(t)
	newWorkspace(t, "order")
	s := newSchedule(t, "order", "dag", func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks = []v1alpha1.Task{task("publish", "left", "right"), task("left", "load"), task("right", "load"), task("load")}
	})
	run := startRun(t, s, "now")
	first := pod(t, s, run+"-load-1")
	if pods := alive(t, s); len(pods) != 1 {
		t.Fatalf("%d pods are made before their time", len(pods)-1)
	}
	begin(t, first)
	taskBecomes(t, s, run, "load", v1alpha1.TaskRunning)
	end(t, first, nil)
	left, right := pod(t, s, run+"-left-1"), pod(t, s, run+"-right-1")
	end(t, left, nil)
	taskBecomes(t, s, run, "left", v1alpha1.TaskSucceeded)
	if got := getRun(t, s, run).Status.Tasks[0].Phase; got != v1alpha1.TaskWaiting {
		t.Errorf("publish is %s although right has not ended", got)
	}
	end(t, right, nil)
	end(t, pod(t, s, run+"-publish-1"), nil)
	done := becomes(t, s, run, v1alpha1.RunSucceeded)
	if want := "s3://runs/outputs/order/dag/" + run + "/publish-1.ipynb"; done.Status.Tasks[0].Output != want {
		t.Errorf("the output is %s, want %s", done.Status.Tasks[0].Output, want)
	}
	eventually(t, "the schedule tells of it", func() error {
		live := get(t, s)
		if len(live.Status.Runs) != 1 || live.Status.Runs[0].Phase != v1alpha1.RunSucceeded || live.Status.LastSuccess == nil || live.Status.Runs[0].Output == "" {
			return fmt.Errorf("it tells %+v", live.Status)
		}
		return nil
	})
}

func TestPod(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "pods")
	s := newSchedule(t, "pods", "nightly", func(spec *v1alpha1.ScheduleSpec) {
		spec.Output.Prefix = "finance"
		spec.TimeZone = "Europe/Amsterdam"
		spec.Tasks = []v1alpha1.Task{
			{Name: "home", Notebook: v1alpha1.Notebook{Home: "reports/load.ipynb"}, Parameters: []v1alpha1.Parameter{{Name: "since", Value: "{{ run.previous_time }}"}, {Name: "n", Value: "3"}}},
			{Name: "object", Notebook: v1alpha1.Notebook{Object: "a/b.ipynb"}, Size: "large"},
			{Name: "git", Notebook: v1alpha1.Notebook{Git: &v1alpha1.GitNotebook{Repository: "https://git.example.com/r.git", Ref: "v1", Path: "a.ipynb"}}},
		}
	})
	due := o.clock.Now().Add(time.Hour)
	o.clock.SetTime(due)
	run := name(s, due)
	home, object, git := pod(t, s, run+"-home-1"), pod(t, s, run+"-object-1"), pod(t, s, run+"-git-1")

	if home.Spec.ServiceAccountName != "person-ada" || home.Spec.PriorityClassName != "atoll-job" || home.Spec.NodeSelector["atoll.dev/subcluster"] != "job" {
		t.Errorf("account %s, priority %s, nodes %v", home.Spec.ServiceAccountName, home.Spec.PriorityClassName, home.Spec.NodeSelector)
	}
	main := home.Spec.Containers[0]
	if main.Image != "docker.io/atoll/notebook:1" || main.Resources.Limits.Cpu().String() != "1" || object.Spec.Containers[0].Resources.Limits.Cpu().String() != "4" {
		t.Errorf("image %s, limits %v and %v", main.Image, main.Resources.Limits, object.Spec.Containers[0].Resources.Limits)
	}
	claim := func(p *corev1.Pod) string {
		for _, v := range p.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				return v.PersistentVolumeClaim.ClaimName
			}
		}
		return ""
	}
	if claim(home) != "home-ada" || claim(object) != "" || claim(git) != "" {
		t.Errorf("homes are mounted: %q %q %q", claim(home), claim(object), claim(git))
	}
	previous := due.Add(-time.Hour).In(mustZone("Europe/Amsterdam")).Format(time.RFC3339)
	for _, want := range []struct {
		pod  *corev1.Pod
		text string
	}{
		{home, `"home":"reports/load.ipynb","parameters":{"n":3,"since":"` + previous + `"}`},
		{object, `"object":true`},
		{git, `"git":{"repository":"https://git.example.com/r.git","ref":"v1","path":"a.ipynb"}`},
	} {
		if got := want.pod.Spec.InitContainers[0].Env[0].Value; !strings.Contains(got, want.text) {
			t.Errorf("the task is %s, want %s in it", got, want.text)
		}
	}
	if got := getRun(t, s, run).Status.Plan.OutputPrefix; got != "runs/outputs/pods/finance/nightly/"+run {
		t.Errorf("it is kept below %s", got)
	}
	for _, e := range main.Env {
		if strings.Contains(e.Value, "store") || e.ValueFrom != nil {
			t.Errorf("the notebook is told %s", e.Name)
		}
		if e.Name == "MODE" && e.Value != "$$(HOME)" {
			t.Errorf("a value of the profile is %q, and not literal", e.Value)
		}
	}
}

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	must(err)
	return zone
}

func TestRetries(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "retries")
	s := newSchedule(t, "retries", "nightly", func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks[0].Retries = v1alpha1.Retries{Limit: 2, Backoff: duration(time.Minute), MaxBackoff: duration(10 * time.Minute)}
	})
	run := startRun(t, s, "twice")
	for attempt, delay := range map[int32]time.Duration{1: time.Minute, 2: 2 * time.Minute} {
		_ = attempt
		_ = delay
	}
	for attempt := int32(1); attempt <= 2; attempt++ {
		delay := time.Minute << (attempt - 1)
		end(t, pod(t, s, fmt.Sprintf("%s-load-%d", run, attempt)), &runner.Result{Reason: v1alpha1.ReasonNotebookFailed, Message: "cell 2 raised KeyError: 'x'"})
		got := taskBecomes(t, s, run, "load", v1alpha1.TaskRetrying)
		if !got.RetryAt.Time.Equal(o.clock.Now().Add(delay).Truncate(time.Second)) || got.Failures != attempt || got.Output == "" {
			t.Errorf("after attempt %d: %+v", attempt, got)
		}
		o.clock.Step(delay - time.Second)
		time.Sleep(5 * glance)
		if n := len(alive(t, s)); n != 0 {
			t.Errorf("it is tried again before its time: %d pods", n)
		}
		o.clock.Step(time.Second)
	}
	end(t, pod(t, s, run+"-load-3"), nil)
	done := becomes(t, s, run, v1alpha1.RunSucceeded)
	if done.Status.Tasks[0].Attempt != 3 || len(done.Status.Notices) != 0 {
		t.Errorf("it says %+v", done.Status)
	}
}

func TestAlwaysFailing(t *testing.T) {
	o := newOperator(t)
	o.sent.refuse = 1
	newWorkspace(t, "failing")
	s := newSchedule(t, "failing", "nightly", func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks = []v1alpha1.Task{task("load"), task("publish", "load"), task("other")}
		spec.Tasks[0].Retries.Limit = 1
		spec.Tasks[0].Retries.Backoff, spec.Tasks[0].Retries.MaxBackoff = duration(time.Second), duration(time.Second)
		spec.Notify = v1alpha1.Notify{Webhooks: []string{"team"}, Mail: []string{"ada@example.com"}}
	})
	run := startRun(t, s, "now")
	failure := &runner.Result{Reason: v1alpha1.ReasonNotebookFailed, Message: "cell 3 raised KeyError: 'price'\nline 1\nline 2"}
	end(t, pod(t, s, run+"-load-1"), failure)
	taskBecomes(t, s, run, "load", v1alpha1.TaskRetrying)
	o.clock.Step(time.Second)
	end(t, pod(t, s, run+"-load-2"), failure)
	taskBecomes(t, s, run, "publish", v1alpha1.TaskSkipped)
	if got := getRun(t, s, run).Status.Phase; got != v1alpha1.RunRunning {
		t.Errorf("the run is %s although a task is at work", got)
	}
	end(t, pod(t, s, run+"-other-1"), nil)
	done := becomes(t, s, run, v1alpha1.RunFailed)
	if done.Status.Reason != v1alpha1.ReasonNotebookFailed || !strings.Contains(done.Status.Message, "task load, attempt 2: cell 3 raised KeyError") {
		t.Errorf("the run says %s: %s", done.Status.Reason, done.Status.Message)
	}
	eventually(t, "one of two messages is sent", func() error {
		if alerts, calls := o.sent.got(); len(alerts) != 1 || calls != 2 {
			return fmt.Errorf("%d of %d", len(alerts), calls)
		}
		return nil
	})
	o.clock.Step(30 * time.Second)
	eventually(t, "both are", func() error {
		for _, n := range getRun(t, s, run).Status.Notices {
			if !n.Sent {
				return fmt.Errorf("%s: %s", n.To, n.Message)
			}
		}
		return nil
	})
	time.Sleep(5 * glance)
	alerts, calls := o.sent.got()
	if len(alerts) != 2 || calls != 3 {
		t.Fatalf("%d messages after %d calls", len(alerts), calls)
	}
	a := alerts[0]
	a.Due = time.Time{}
	want := alerts[0]
	want.Due = time.Time{}
	want.Workspace, want.Schedule, want.Run, want.Owner, want.Task, want.Attempt = "failing", "nightly", run, "ada", "load", 2
	want.Reason, want.Message, want.Link = v1alpha1.ReasonNotebookFailed, failure.Message, "http://store/link/s3://runs/outputs/failing/nightly/"+run+"/load-2.ipynb"
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("the alert (-want +got):\n%s", diff)
	}
}

func TestHowTasksFail(t *testing.T) {
	newOperator(t)
	newWorkspace(t, "ways")
	terminated := func(reason string) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{{Name: "notebook", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: reason}}}}
	}
	for _, tt := range []struct {
		name   string
		status corev1.PodStatus
		reason string
		want   string
	}{
		{"timeout", corev1.PodStatus{Phase: corev1.PodFailed, Reason: "DeadlineExceeded"}, v1alpha1.ReasonTimedOut, "longer than its timeout"},
		{"memory", corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: terminated("OOMKilled")}, v1alpha1.ReasonOutOfMemory, "larger size"},
		{"crash", corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: terminated("Error")}, v1alpha1.ReasonNotebookFailed, "status 137"},
		{"fetch", corev1.PodStatus{Phase: corev1.PodFailed, InitContainerStatuses: []corev1.ContainerStatus{{
			Name: "prepare", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: `{"reason":"NotebookNotFetched","message":"no branch"}`}},
		}}}, v1alpha1.ReasonNotebookNotFetched, "no branch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSchedule(t, "ways", tt.name)
			run := startRun(t, s, "now")
			p := pod(t, s, run+"-load-1")
			p.Status = tt.status
			must(admin.Status().Update(ctx, p))
			got := becomes(t, s, run, v1alpha1.RunFailed)
			if got.Status.Reason != tt.reason || !strings.Contains(got.Status.Message, tt.want) {
				t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
			}
		})
	}
}

func TestDisruptionsCostNoRetry(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "disrupted")
	s := newSchedule(t, "disrupted", "nightly")
	run := startRun(t, s, "now")
	evicted := pod(t, s, run+"-load-1")
	evicted.Status.Phase, evicted.Status.Reason = corev1.PodFailed, "Evicted"
	must(admin.Status().Update(ctx, evicted))
	taskBecomes(t, s, run, "load", v1alpha1.TaskRetrying)
	o.clock.Step(time.Minute)
	deleted := pod(t, s, run+"-load-2")
	begin(t, deleted)
	taskBecomes(t, s, run, "load", v1alpha1.TaskRunning)
	must(admin.Delete(ctx, deleted, client.GracePeriodSeconds(0)))
	if got := taskBecomes(t, s, run, "load", v1alpha1.TaskRetrying); got.Reason != v1alpha1.ReasonDisrupted || got.Failures != 0 {
		t.Errorf("it says %+v", got)
	}
	o.clock.Step(time.Minute)
	end(t, pod(t, s, run+"-load-3"), nil)
	becomes(t, s, run, v1alpha1.RunSucceeded)
}

func TestNeverStarted(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "never", func(ws *v1alpha1.Workspace) { ws.Spec.Quota.CPU = resource.MustParse("1500m") })
	deadline := func(spec *v1alpha1.ScheduleSpec) { spec.StartDeadline = duration(30 * time.Minute) }

	t.Run("larger than the quota", func(t *testing.T) {
		s := newSchedule(t, "never", "toolarge", deadline, func(spec *v1alpha1.ScheduleSpec) { spec.Size = "large" })
		got := becomes(t, s, startRun(t, s, "now"), v1alpha1.RunFailed)
		if got.Status.Reason != v1alpha1.ReasonQuotaExceeded || !strings.Contains(got.Status.Message, "quota of the whole workspace is 1500m") {
			t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
		}
	})
	t.Run("no room in the quota", func(t *testing.T) {
		one, two := newSchedule(t, "never", "one", deadline), newSchedule(t, "never", "two", deadline)
		first := startRun(t, one, "now")
		holder := pod(t, one, first+"-load-1")
		second := startRun(t, two, "now")
		eventually(t, "the second run waits for the quota", func() error {
			r := getRun(t, two, second)
			if len(r.Status.Tasks) != 1 || r.Status.Tasks[0].Reason != v1alpha1.ReasonQuotaExceeded || r.Status.Tasks[0].Phase != v1alpha1.TaskStarting {
				return fmt.Errorf("it says %+v", r.Status)
			}
			return nil
		})
		begin(t, holder)
		taskBecomes(t, one, first, "load", v1alpha1.TaskRunning)
		o.clock.Step(31 * time.Minute)
		got := becomes(t, two, second, v1alpha1.RunFailed)
		if got.Status.Reason != v1alpha1.ReasonQuotaExceeded || !strings.Contains(got.Status.Message, "exceeded quota") {
			t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
		}
		end(t, holder, nil)
		becomes(t, one, first, v1alpha1.RunSucceeded)
	})
	t.Run("the image is gone", func(t *testing.T) {
		newWorkspace(t, "image")
		s := newSchedule(t, "image", "image", deadline)
		run := startRun(t, s, "now")
		p := pod(t, s, run+"-load-1")
		p.Status.Phase = corev1.PodPending
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "notebook", Image: "docker.io/atoll/notebook:1",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"}},
		}}
		must(admin.Status().Update(ctx, p))
		eventually(t, "it says what it waits for", func() error {
			if r := getRun(t, s, run); r.Status.Tasks[0].Reason != v1alpha1.ReasonImageNotPulled {
				return fmt.Errorf("%+v", r.Status.Tasks)
			}
			return nil
		})
		o.clock.Step(6 * time.Minute)
		got := becomes(t, s, run, v1alpha1.RunFailed)
		if got.Status.Reason != v1alpha1.ReasonImageNotPulled || !strings.Contains(got.Status.Message, "docker.io/atoll/notebook:1") {
			t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
		}
		eventually(t, "its pod is gone", func() error {
			if n := len(alive(t, s)); n > 0 {
				return fmt.Errorf("%d pods are there", n)
			}
			return nil
		})
	})
	t.Run("the profile has vanished", func(t *testing.T) {
		newWorkspace(t, "vanished")
		s := newSchedule(t, "vanished", "nightly", func(spec *v1alpha1.ScheduleSpec) {
			spec.Tasks = []v1alpha1.Task{task("load"), task("publish", "load")}
		})
		run := startRun(t, s, "now")
		p := pod(t, s, run+"-load-1")
		must(admin.Delete(ctx, &v1alpha1.Profile{ObjectMeta: metav1.ObjectMeta{Name: "vanished"}}))
		ready(t, s, v1alpha1.ReasonProfileNotFound)
		end(t, p, nil)
		got := becomes(t, s, run, v1alpha1.RunFailed)
		if got.Status.Reason != v1alpha1.ReasonProfileNotFound || got.Status.Tasks[0].Phase != v1alpha1.TaskSucceeded {
			t.Errorf("it says %+v", got.Status)
		}
		later := becomes(t, s, startRun(t, s, "later"), v1alpha1.RunFailed)
		if later.Status.Reason != v1alpha1.ReasonProfileNotFound || later.Status.StartTime != nil || !strings.Contains(later.Status.Message, "could not be started") {
			t.Errorf("a run without a profile says %+v", later.Status)
		}
	})
}

func TestImageOfTheProfileChanges(t *testing.T) {
	newOperator(t)
	newWorkspace(t, "upgrade")
	s := newSchedule(t, "upgrade", "nightly", func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks = []v1alpha1.Task{task("load"), task("publish", "load")}
		spec.Overlap = v1alpha1.OverlapAllow
	})
	first := startRun(t, s, "first")
	load := pod(t, s, first+"-load-1")
	p := &v1alpha1.Profile{}
	eventually(t, "upgrading the profile", func() error {
		must(admin.Get(ctx, client.ObjectKey{Name: "upgrade"}, p))
		p.Spec.Image = "docker.io/atoll/notebook:2"
		return admin.Update(ctx, p)
	})
	image := func(p *corev1.Pod) string { return p.Spec.Containers[0].Image }
	var second string
	eventually(t, "new runs have the new image", func() error {
		second = startRun(t, s, fmt.Sprintf("at-%d", time.Now().UnixNano()))
		if got := image(pod(t, s, second+"-load-1")); got != "docker.io/atoll/notebook:2" {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
	end(t, load, nil)
	if got := image(pod(t, s, first+"-publish-1")); got != "docker.io/atoll/notebook:1" {
		t.Errorf("a task of the run that began before has %s", got)
	}
}

// Nobody can make the operator take a pod for a task's that it did not make.
func TestPodOfSomebodyElse(t *testing.T) {
	newOperator(t)
	newWorkspace(t, "alien")
	s := newSchedule(t, "alien", "nightly")
	impostor := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ws-alien", Name: "nightly-now-load-1", Labels: map[string]string{
			"atoll.dev/component": "run", "atoll.dev/run": "nightly-now", "atoll.dev/schedule": "nightly",
		}},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{Name: "notebook", Image: "x:1", SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		},
	}
	must(admin.Create(ctx, impostor))
	got := becomes(t, s, startRun(t, s, "now"), v1alpha1.RunFailed)
	if got.Status.Reason != v1alpha1.ReasonRefused || !strings.Contains(got.Status.Message, "not of this run") {
		t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
	}
}
