package schedule_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
)

// ready waits until the newest generation of a schedule has the reason.
func ready(t testing.TB, s *v1alpha1.Schedule, reason string) *v1alpha1.Schedule {
	t.Helper()
	var live *v1alpha1.Schedule
	eventually(t, "schedule "+s.Name+" is "+reason, func() error {
		live = get(t, s)
		c := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionReady)
		if c == nil || c.Reason != reason || live.Status.ObservedGeneration != live.Generation {
			return fmt.Errorf("generation %d, observed %d, Ready is %+v", live.Generation, live.Status.ObservedGeneration, c)
		}
		return nil
	})
	return live
}

// settles waits until the runs of a schedule are as wanted and stay so for a while.
func settles(t testing.TB, s *v1alpha1.Schedule, want string) {
	t.Helper()
	eventually(t, "the runs of "+s.Name, func() error {
		if got := strings.TrimSpace(phases(t, s)); got != want {
			return fmt.Errorf("they are %q, want %q", got, want)
		}
		return nil
	})
	for range 10 {
		time.Sleep(glance)
		if got := strings.TrimSpace(phases(t, s)); got != want {
			t.Fatalf("the runs became %q, want %q", got, want)
		}
	}
}

func hour(o *operator, n int) string {
	return o.clock.Now().Truncate(time.Hour).Add(time.Duration(n) * time.Hour).UTC().Format("15")
}

func name(s *v1alpha1.Schedule, due time.Time) string { return schedule.RunName(s.Name, due) }

func TestCatchUp(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "catchup")
	begin := o.clock.Now()
	at := func(n int) string { return begin.Add(time.Duration(n) * time.Hour).UTC().Format("15") }
	all := map[v1alpha1.CatchUpPolicy]string{
		v1alpha1.CatchUpNone:   "%s:Missed %s:Missed %s:Missed",
		v1alpha1.CatchUpLatest: "%s:Missed %s:Missed %s:Running",
		// They go one after another.
		v1alpha1.CatchUpAll: "%s:Running %s:Pending %s:Pending",
	}
	made := map[v1alpha1.CatchUpPolicy]*v1alpha1.Schedule{}
	for policy := range all {
		start := metav1.NewTime(begin.Add(time.Minute))
		made[policy] = newSchedule(t, "catchup", "p-"+strings.ToLower(string(policy)), func(spec *v1alpha1.ScheduleSpec) {
			spec.CatchUp.Policy, spec.Start = policy, &start
		})
		ready(t, made[policy], v1alpha1.ReasonReady)
	}
	// The operator is away for three times at which the schedules are due.
	o.kill()
	o.clock.SetTime(begin.Add(3*time.Hour + 30*time.Minute))
	o.start()
	for policy, want := range all {
		settles(t, made[policy], fmt.Sprintf(want, at(1), at(2), at(3)))
	}
	for _, r := range runs(t, made[v1alpha1.CatchUpNone]) {
		if r.Status.Reason != v1alpha1.ReasonMissed || r.Status.CompletionTime == nil || r.Status.Message == "" {
			t.Errorf("a missed run says %+v", r.Status)
		}
	}
	s := made[v1alpha1.CatchUpAll]
	for n := 1; n <= 3; n++ {
		run := name(s, begin.Add(time.Duration(n)*time.Hour))
		end(t, pod(t, s, run+"-load-1"), nil)
		becomes(t, s, run, v1alpha1.RunSucceeded)
	}
	settles(t, s, fmt.Sprintf("%s:Succeeded %s:Succeeded %s:Succeeded", at(1), at(2), at(3)))
	for i, r := range runs(t, s) {
		if r.Spec.Trigger != v1alpha1.TriggerCatchUp || !r.Status.Plan.Interval.Time.Equal(begin.Add(time.Duration(i+1)*time.Hour)) {
			t.Errorf("run %s: trigger %s, interval %s", r.Name, r.Spec.Trigger, r.Status.Plan.Interval)
		}
	}
}

func TestCatchUpIsBounded(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "bounded")
	begin := o.clock.Now()
	past := metav1.NewTime(begin.Add(-100 * time.Hour))
	s := newSchedule(t, "bounded", "backfill", func(spec *v1alpha1.ScheduleSpec) {
		spec.Start, spec.CatchUp = &past, v1alpha1.CatchUp{Policy: v1alpha1.CatchUpAll, Limit: 2}
		spec.Overlap = v1alpha1.OverlapAllow
	})
	// The clock stands at a full hour, so that the newest is in time.
	settles(t, s, fmt.Sprintf("%s:Missed %s:Running %s:Running", hour(o, -2), hour(o, -1), hour(o, 0)))
	if oldest := runs(t, s)[0]; oldest.Spec.Missed != v1alpha1.MissedEarlier || !strings.Contains(oldest.Status.Message, "times before it") {
		t.Errorf("the oldest says %q (%s)", oldest.Status.Message, oldest.Spec.Missed)
	}
}

func TestOverlap(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "overlap")
	begin := o.clock.Now()
	made := map[v1alpha1.Overlap]*v1alpha1.Schedule{}
	start := metav1.NewTime(begin.Add(time.Minute))
	for _, policy := range []v1alpha1.Overlap{v1alpha1.OverlapForbid, v1alpha1.OverlapAllow, v1alpha1.OverlapReplace} {
		made[policy] = newSchedule(t, "overlap", strings.ToLower(string(policy)), func(spec *v1alpha1.ScheduleSpec) {
			spec.Overlap, spec.Start = policy, &start
		})
		ready(t, made[policy], v1alpha1.ReasonReady)
	}
	first, second := begin.Add(time.Hour), begin.Add(2*time.Hour)
	o.clock.SetTime(first)
	for _, s := range made {
		pod(t, s, name(s, first)+"-load-1")
	}
	o.clock.SetTime(second)
	for policy, want := range map[v1alpha1.Overlap]string{
		v1alpha1.OverlapForbid:  "Running %s:Skipped",
		v1alpha1.OverlapAllow:   "Running %s:Running",
		v1alpha1.OverlapReplace: "Cancelled %s:Running",
	} {
		settles(t, made[policy], first.UTC().Format("15")+":"+fmt.Sprintf(want, second.UTC().Format("15")))
	}
	skipped := getRun(t, made[v1alpha1.OverlapForbid], name(made[v1alpha1.OverlapForbid], second))
	if skipped.Status.Reason != v1alpha1.ReasonOverlap || !strings.Contains(skipped.Status.Message, "still at work") {
		t.Errorf("the skipped run says %+v", skipped.Status)
	}
	s := made[v1alpha1.OverlapReplace]
	replaced := getRun(t, s, name(s, first))
	if replaced.Status.Reason != v1alpha1.ReasonReplaced || replaced.Status.Tasks[0].Phase != v1alpha1.TaskCancelled {
		t.Errorf("the replaced run says %+v", replaced.Status)
	}
	eventually(t, "the replaced run's pod is gone", func() error {
		if pods := alive(t, s); len(pods) != 1 || pods[0].Labels[v1alpha1.LabelRun] != name(s, second) {
			return fmt.Errorf("%d pods are there", len(pods))
		}
		return nil
	})
}

func TestSuspend(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "suspend")
	begin := o.clock.Now()
	s := newSchedule(t, "suspend", "nightly")
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Hour) }
	o.clock.SetTime(at(1))
	running := pod(t, s, name(s, at(1))+"-load-1")

	change(t, s, func(spec *v1alpha1.ScheduleSpec) { spec.Suspend = true })
	if live := ready(t, s, v1alpha1.ReasonSuspended); live.Status.NextRun != nil {
		t.Errorf("a suspended schedule is due at %s", live.Status.NextRun)
	}
	o.clock.SetTime(at(3).Add(10 * time.Minute))
	// What is at work finishes.
	end(t, running, nil)
	becomes(t, s, name(s, at(1)), v1alpha1.RunSucceeded)
	before := len(runs(t, s))

	change(t, s, func(spec *v1alpha1.ScheduleSpec) { spec.Suspend = false })
	live := ready(t, s, v1alpha1.ReasonReady)
	eventually(t, "it is due again", func() error {
		if live = get(t, s); live.Status.NextRun == nil || !live.Status.NextRun.Time.Equal(at(4)) {
			return fmt.Errorf("at %s", live.Status.NextRun)
		}
		return nil
	})
	if after := len(runs(t, s)); after != before {
		t.Errorf("what was due while it was suspended was caught up with: %s", phases(t, s))
	}
	o.clock.SetTime(at(4))
	pod(t, s, name(s, at(4))+"-load-1")
}

func TestStartAndEnd(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "bounds")
	begin := o.clock.Now()
	start, end := metav1.NewTime(begin.Add(2*time.Hour)), metav1.NewTime(begin.Add(4*time.Hour))
	s := newSchedule(t, "bounds", "nightly", func(spec *v1alpha1.ScheduleSpec) {
		spec.Start, spec.End, spec.Overlap = &start, &end, v1alpha1.OverlapAllow
	})
	if live := ready(t, s, v1alpha1.ReasonReady); !live.Status.NextRun.Time.Equal(start.Time) {
		t.Errorf("it is due at %s", live.Status.NextRun)
	}
	for n := range 6 {
		o.clock.SetTime(begin.Add(time.Duration(n) * time.Hour))
		time.Sleep(10 * glance)
	}
	settles(t, s, fmt.Sprintf("%s:Running %s:Running", start.UTC().Format("15"), start.Add(time.Hour).UTC().Format("15")))
	if live := ready(t, s, v1alpha1.ReasonEnded); live.Status.NextRun != nil {
		t.Errorf("it is due at %s", live.Status.NextRun)
	}
}

func TestScheduleThatCannotRun(t *testing.T) {
	newOperator(t)
	newWorkspace(t, "cannot")
	newWorkspace(t, "other")
	for _, tt := range []struct {
		name   string
		change func(*v1alpha1.ScheduleSpec)
		reason string
		want   string
	}{
		{"cron", func(s *v1alpha1.ScheduleSpec) { s.Cron = "61 * * * *" }, v1alpha1.ReasonInvalid, "spec.cron"},
		{"never", func(s *v1alpha1.ScheduleSpec) { s.Cron = "0 0 30 2 *" }, v1alpha1.ReasonInvalid, "never due"},
		{"circle", func(s *v1alpha1.ScheduleSpec) {
			s.Tasks = []v1alpha1.Task{
				{Name: "a", Notebook: s.Tasks[0].Notebook, DependsOn: []string{"b"}},
				{Name: "b", Notebook: s.Tasks[0].Notebook, DependsOn: []string{"a"}},
			}
		}, v1alpha1.ReasonInvalid, "spec.tasks[0].dependsOn: the tasks wait for each other in a circle: a -> b -> a"},
		{"template", func(s *v1alpha1.ScheduleSpec) {
			s.Tasks[0].Parameters = []v1alpha1.Parameter{{Name: "p", Value: "{{ ds }}"}}
		}, v1alpha1.ReasonInvalid, "spec.tasks[0].parameters"},
		{"profile", func(s *v1alpha1.ScheduleSpec) { s.Profile = "none" }, v1alpha1.ReasonProfileNotFound, "spec.profile"},
		{"forbidden", func(s *v1alpha1.ScheduleSpec) { s.Profile = "other" }, v1alpha1.ReasonProfileNotAllowed, "it allows cannot"},
		{"size", func(s *v1alpha1.ScheduleSpec) { s.Tasks[0].Size = "huge" }, v1alpha1.ReasonSizeNotFound, "spec.tasks[0].size"},
		{"stranger", func(s *v1alpha1.ScheduleSpec) { s.Owner = "mallory" }, v1alpha1.ReasonOwnerNotMember, "spec.owner"},
		{"engine", func(s *v1alpha1.ScheduleSpec) { s.Engine = v1alpha1.EngineAirflow }, v1alpha1.ReasonEngineNotAvailable, "spec.engine: this platform has no Airflow"},
		{"viewer", func(s *v1alpha1.ScheduleSpec) { s.Owner = "eve" }, v1alpha1.ReasonOwnerNotMember, "Owner or Member"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSchedule(t, "cannot", tt.name, tt.change)
			live := ready(t, s, tt.reason)
			c := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionReady)
			if !strings.Contains(c.Message, tt.want) {
				t.Errorf("%q does not say %q", c.Message, tt.want)
			}
			if stalled := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionStalled); (stalled != nil) != (tt.reason == v1alpha1.ReasonInvalid) {
				t.Errorf("Stalled is %+v", stalled)
			}
		})
	}
}

func TestRunNow(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "now")
	s := newSchedule(t, "now", "nightly", func(spec *v1alpha1.ScheduleSpec) { spec.Suspend = true })
	ready(t, s, v1alpha1.ReasonSuspended)
	r := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: "nightly-now"}, Spec: v1alpha1.RunSpec{Schedule: s.Name}}
	must(admin.Create(ctx, r))
	p := pod(t, s, "nightly-now-load-1")
	end(t, p, nil)
	done := becomes(t, s, r.Name, v1alpha1.RunSucceeded)
	if done.Spec.Trigger != v1alpha1.TriggerManual || metav1.GetControllerOf(done) == nil || metav1.GetControllerOf(done).UID != s.UID {
		t.Errorf("trigger %s, owned by %+v", done.Spec.Trigger, done.OwnerReferences)
	}
	orphan := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: "of-none"}, Spec: v1alpha1.RunSpec{Schedule: "none"}}
	must(admin.Create(ctx, orphan))
	if got := becomes(t, s, "of-none", v1alpha1.RunCancelled); got.Status.Reason != v1alpha1.ReasonScheduleGone {
		t.Errorf("a run of no schedule says %+v", got.Status)
	}
	_ = o
}

func TestHistoryIsPruned(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "history")
	begin := o.clock.Now()
	s := newSchedule(t, "history", "nightly", func(spec *v1alpha1.ScheduleSpec) { spec.HistoryLimit = 3 })
	for n := 1; n <= 6; n++ {
		due := begin.Add(time.Duration(n) * time.Hour)
		o.clock.SetTime(due)
		end(t, pod(t, s, name(s, due)+"-load-1"), nil)
		becomes(t, s, name(s, due), v1alpha1.RunSucceeded)
	}
	eventually(t, "three runs are left", func() error {
		if left := len(runs(t, s)); left != 3 {
			return fmt.Errorf("%d are", left)
		}
		return nil
	})
	// Moving the clock back decides nothing again.
	o.clock.SetTime(begin.Add(2*time.Hour + 10*time.Second))
	time.Sleep(10 * glance)
	if left := runs(t, s); len(left) != 3 || left[0].Name != name(s, begin.Add(4*time.Hour)) {
		t.Errorf("after the clock went back the runs are %s", phases(t, s))
	}
	live := get(t, s)
	if live.Status.LastSuccess == nil || !live.Status.LastInterval.Time.Equal(begin.Add(6*time.Hour)) {
		t.Errorf("the status says %+v", live.Status)
	}
	var told []string
	for _, r := range live.Status.Runs {
		told = append(told, r.Name+" "+string(r.Phase))
	}
	want := []string{}
	for n := 6; n >= 4; n-- {
		want = append(want, name(s, begin.Add(time.Duration(n)*time.Hour))+" Succeeded")
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("the status tells (-want +got):\n%s", diff)
	}
}

func TestWorkspaceGoes(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "going")
	begin := o.clock.Now()
	s := newSchedule(t, "going", "nightly")
	due := begin.Add(time.Hour)
	o.clock.SetTime(due)
	pod(t, s, name(s, due)+"-load-1")
	ws := &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: "going"}}
	must(admin.Delete(ctx, ws))
	r := becomes(t, s, name(s, due), v1alpha1.RunCancelled)
	if r.Status.Reason != v1alpha1.ReasonWorkspaceNotFound {
		t.Errorf("the run says %+v", r.Status)
	}
	ready(t, s, v1alpha1.ReasonWorkspaceNotFound)
	eventually(t, "its pod is gone", func() error {
		if pods := alive(t, s); len(pods) > 0 {
			return fmt.Errorf("%d pods are there", len(pods))
		}
		return nil
	})
	o.clock.SetTime(due.Add(time.Hour))
	time.Sleep(10 * glance)
	if all := runs(t, s); len(all) != 1 {
		t.Errorf("without a workspace the runs are %s", phases(t, s))
	}
}

func TestScheduleGoes(t *testing.T) {
	o := newOperator(t)
	newWorkspace(t, "gone")
	begin := o.clock.Now()
	s := newSchedule(t, "gone", "nightly")
	due := begin.Add(time.Hour)
	o.clock.SetTime(due)
	p := pod(t, s, name(s, due)+"-load-1")
	r := getRun(t, s, name(s, due))
	if owner := metav1.GetControllerOf(r); owner == nil || owner.UID != s.UID {
		t.Errorf("the run is owned by %+v", r.OwnerReferences)
	}
	if owner := metav1.GetControllerOf(p); owner == nil || owner.UID != r.UID {
		t.Errorf("the pod is owned by %+v", p.OwnerReferences)
	}
	// Nothing collects garbage here; the operator does not wait for it.
	must(admin.Delete(ctx, s))
	if got := becomes(t, s, r.Name, v1alpha1.RunCancelled); got.Status.Reason != v1alpha1.ReasonScheduleGone {
		t.Errorf("the run says %+v", got.Status)
	}
	eventually(t, "its pod is gone", func() error {
		err := admin.Get(ctx, client.ObjectKeyFromObject(p), p)
		if apierrors.IsNotFound(err) || p.DeletionTimestamp != nil {
			return nil
		}
		return errors.Join(errors.New("it is there"), err)
	})
}

// Rights end when membership ends: a run at work of somebody who is taken off the workspace is ended.
func TestOwnerLeaves(t *testing.T) {
	newOperator(t)
	newWorkspace(t, "leaving")
	s := newSchedule(t, "leaving", "nightly", func(spec *v1alpha1.ScheduleSpec) { spec.Owner = "bob" })
	id := startRun(t, s, "now")
	begin(t, pod(t, s, id+"-load-1"))
	taskBecomes(t, s, id, "load", v1alpha1.TaskRunning)
	eventually(t, "bob is taken off", func() error {
		ws := &v1alpha1.Workspace{}
		if err := admin.Get(ctx, client.ObjectKey{Name: "leaving"}, ws); err != nil {
			return err
		}
		ws.Spec.Members = nil
		return admin.Update(ctx, ws)
	})
	if got := becomes(t, s, id, v1alpha1.RunCancelled); got.Status.Reason != v1alpha1.ReasonOwnerNotMember {
		t.Errorf("the run says %+v", got.Status)
	}
	ready(t, s, v1alpha1.ReasonOwnerNotMember)
	eventually(t, "its pod is gone", func() error {
		if n := len(alive(t, s)); n > 0 {
			return fmt.Errorf("%d pods are there", n)
		}
		return nil
	})
}
