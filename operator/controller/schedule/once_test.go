package schedule_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
)

// witness sees everything that is ever made of runs and their pods, and lets every pod succeed.
type witness struct {
	mu   sync.Mutex
	runs map[string][]types.UID
	pods map[string][]types.UID
}

func newWitness(t *testing.T, s *v1alpha1.Schedule) *witness {
	t.Helper()
	w := &witness{runs: map[string][]types.UID{}, pods: map[string][]types.UID{}}
	watching, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	go follow(watching, s.Namespace, &v1alpha1.RunList{}, func(obj client.Object) { w.note(w.runs, obj) })
	go follow(watching, s.Namespace, &corev1.PodList{}, func(obj client.Object) {
		if p, ok := obj.(*corev1.Pod); ok && w.note(w.pods, obj) {
			end(t, p, nil)
		}
	})
	return w
}

// follow hands on every object that is added. An API server may end a watch at any time; a new one begins with all there is.
func follow(ctx context.Context, namespace string, list client.ObjectList, added func(client.Object)) {
	for ctx.Err() == nil {
		events, err := admin.Watch(ctx, list, client.InNamespace(namespace))
		if err != nil {
			continue
		}
		for e := range events.ResultChan() {
			if obj, ok := e.Object.(client.Object); ok && e.Type == watch.Added {
				added(obj)
			}
		}
	}
}

// note remembers an object, and reports whether it is new.
func (w *witness) note(in map[string][]types.UID, obj client.Object) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Contains(in[obj.GetName()], obj.GetUID()) {
		return false
	}
	in[obj.GetName()] = append(in[obj.GetName()], obj.GetUID())
	return true
}

func (w *witness) seen() (runs, pods int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.runs), len(w.pods)
}

// lacking says of the intervals that have no run, or whose run has no pod, how they stand.
func (w *witness) lacking(t *testing.T, s *v1alpha1.Schedule, names []string) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, name := range names {
		r := &v1alpha1.Run{}
		switch err := admin.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, r); {
		case len(w.pods[name+"-load-1"]) > 0:
		case len(w.runs[name]) == 0:
			all = append(all, name+" was never made")
		case err != nil:
			all = append(all, fmt.Sprintf("%s had no pod: %v", name, err))
		default:
			all = append(all, fmt.Sprintf("%s has no pod: %s %s %s %+v", name, r.Status.Phase, r.Status.Reason, r.Status.Message, r.Status.Tasks))
		}
	}
	return strings.Join(all, "\n")
}

// getsOn waits until look is done, for as long as what it says changes: how fast an operator is on a machine that is full is not
// what is asked here.
func getsOn(t *testing.T, what string, look func() (state string, done bool)) {
	t.Helper()
	before, since := "", time.Now()
	_ = wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(context.Context) (bool, error) {
		state, done := look()
		if state != before {
			before, since = state, time.Now()
		}
		if !done && time.Since(since) > soon {
			t.Fatalf("%s: nothing has changed for %s: %s", what, soon, state)
		}
		return done, nil
	})
}

// complete waits until every interval has its run and every run its pod. A run that has ended without a pod will never have one.
func (w *witness) complete(t *testing.T, s *v1alpha1.Schedule, names []string) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.lacking(t, s, names))
		}
	})
	getsOn(t, "every interval has its run, and every run its pod", func() (string, bool) {
		made, pods := w.seen()
		for _, r := range runs(t, s) {
			if r.Status.Phase.Finished() && r.Status.Phase != v1alpha1.RunSucceeded {
				t.Fatalf("run %s is %s: %s %s", r.Name, r.Status.Phase, r.Status.Reason, r.Status.Message)
			}
		}
		return fmt.Sprintf("%d runs and %d pods of %d", made, pods, len(names)), made == len(names) && pods == len(names)
	})
}

// TestOneRunAnInterval has a schedule due 200 times, while its operator is killed at any moment, its clock is moved
// forth and back, and the schedule moved from one engine to the other. Each time has one run, and each run one pod, the
// runs included that are no longer kept.
func TestOneRunAnInterval(t *testing.T) {
	const (
		intervals = 200
		// limit is how many times a schedule looks back at the most, as its API has it.
		limit = 100
	)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	airflow := &fakeEngine{asks: true}
	o := newOperatorWith(t, 2, 2, glance, airflow)
	// A name of its own each time, so that it can be run again in the same API server.
	workspace := fmt.Sprintf("once-%x", seed)
	newWorkspace(t, workspace)
	begin := o.clock.Now()
	start := metav1.NewTime(begin.Add(time.Second))
	finish := metav1.NewTime(begin.Add(intervals*time.Minute + time.Second))
	s := newSchedule(t, workspace, "minutely", func(spec *v1alpha1.ScheduleSpec) {
		spec.Cron, spec.Start, spec.End = "* * * * *", &start, &finish
		spec.CatchUp = v1alpha1.CatchUp{Policy: v1alpha1.CatchUpAll, Limit: limit}
		spec.Overlap, spec.HistoryLimit = v1alpha1.OverlapAllow, 5
	})
	w := newWitness(t, s)
	var names []string
	for n := 1; n <= intervals; n++ {
		names = append(names, schedule.RunName(s.Name, begin.Add(time.Duration(n)*time.Minute)))
	}
	moves, kills, switches := 0, 0, 0
	for now := begin; now.Before(finish.Time); {
		switch random.IntN(5) {
		case 0:
			// Back, by up to three intervals.
			o.clock.SetTime(now.Add(-time.Duration(random.IntN(180)) * time.Second))
			moves++
		case 1:
			o.kill()
			o.start()
			kills++
		case 2:
			switches++
			change(t, s, func(spec *v1alpha1.ScheduleSpec) {
				spec.Engine = []v1alpha1.Engine{v1alpha1.EngineKubernetes, v1alpha1.EngineAirflow}[switches%2]
			})
			if switches == 1 {
				now = now.Add(time.Minute)
				o.clock.SetTime(now)
				eventually(t, "a run on Airflow", func() error {
					if airflow.count(s) == 0 {
						return fmt.Errorf("there is none")
					}
					return nil
				})
			}
		default:
			now = now.Add(time.Duration(1+random.IntN(240)) * time.Second)
			o.clock.SetTime(now)
			// What is older than the limit is missed by right: the clock waits for an operator that is that far behind.
			getsOn(t, "the operator keeps up", func() (string, bool) {
				decided := begin
				if at := get(t, s).Status.LastInterval; at != nil {
					decided = at.Time
				}
				made, pods := w.seen()
				behind := now.Sub(decided)
				return fmt.Sprintf("%s behind, %d runs and %d pods", behind, made, pods), behind <= (limit-10)*time.Minute
			})
		}
		time.Sleep(time.Duration(random.IntN(120)) * time.Millisecond)
	}
	o.clock.SetTime(finish.Add(time.Minute))
	w.complete(t, s, names)
	getsOn(t, "the last run is known to have succeeded", func() (string, bool) {
		live := get(t, s)
		state := fmt.Sprintf("%d are active, the last are %+v", live.Status.Active, live.Status.Runs)
		return state, live.Status.Active == 0 && len(live.Status.Runs) > 0 && live.Status.Runs[0].Phase == v1alpha1.RunSucceeded
	})
	time.Sleep(10 * glance)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, run := range names {
		if made := len(w.runs[run]); made != 1 {
			t.Errorf("run %s was made %d times", run, made)
		}
		if made := len(w.pods[run+"-load-1"]); made != 1 {
			t.Errorf("the pod of run %s was made %d times", run, made)
		}
	}
	t.Logf("%d intervals, %d of them on Airflow, the operator killed %d times, the clock moved back %d times, the engine changed %d times",
		intervals, airflow.count(s), kills, moves, switches)
}
