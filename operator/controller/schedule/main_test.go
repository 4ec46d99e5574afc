package schedule_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/profile"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/controller/schedule"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
	"github.com/atoll-platform/atoll/operator/controller/workspace/network"
)

const (
	// soon is how long a test waits for the operator.
	soon = time.Minute
	// glance is how often the operator under test looks at its clock.
	glance = 20 * time.Millisecond
)

var (
	ctx    = context.Background()
	admin  client.WithWatch
	config *rest.Config
)

func TestMain(m *testing.M) {
	os.Exit(all(m))
}

func all(m *testing.M) (code int) {
	server, err := apitest.Start()
	must(err)
	defer func() { must(server.Stop()) }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	config = server.Config
	scheme, err := controller.Scheme()
	must(err)
	admin, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	must(err)
	must(controllertest.InstallRights(ctx, admin))
	go controllertest.CountQuotas(running, admin, "")
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// operator is one that can be killed and started again, with a clock that can be moved.
type operator struct {
	t     testing.TB
	clock *clocktesting.FakeClock
	sent  *receiver
	// engine stands for Airflow; the platform has none where it is nil.
	engine run.Engine
	stop   context.CancelFunc
	done   chan struct{}
	// schedules and runs that are worked on at once, and how often the clock is looked at.
	schedules, runs int
	glance          time.Duration
}

// newOperator starts an operator whose clock stands at the next full hour, after everything that the test makes.
func newOperator(t testing.TB) *operator {
	t.Helper()
	return newOperatorWith(t, 2, 2, glance)
}

func newOperatorWith(t testing.TB, schedules, runs int, glance time.Duration, engine ...run.Engine) *operator {
	t.Helper()
	o := &operator{t: t, clock: clocktesting.NewFakeClock(nextHour()), sent: &receiver{}, schedules: schedules, runs: runs, glance: glance}
	for _, e := range engine {
		o.engine = e
	}
	o.start()
	t.Cleanup(o.kill)
	return o
}

func (o *operator) start() {
	o.t.Helper()
	scheme, err := controller.Scheme()
	must(err)
	mgr, err := manager.New(controllertest.As(config), manager.Options{
		Scheme:  scheme,
		Cache:   controller.Cache(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		// Several live after each other in one process.
		Controller: ctrlconfig.Controller{SkipNameValidation: ptr.To(true)},
	})
	must(err)
	running, stop := context.WithCancel(ctx)
	must(controller.Register(running, mgr, controller.Options{
		Workspace: workspace.Options{Network: network.Options{HubNamespace: "atoll-application", DataNamespace: "atoll-data", OwnNamespace: "atoll-directory"}, Concurrency: 2},
		Profile:   profile.Options{Concurrency: 1},
		Schedule:  schedule.Options{Bucket: "runs", MaxSleep: o.glance, Concurrency: o.schedules, Clock: o.clock},
		Run: run.Options{
			Image: "docker.io/atoll/operator:0.1.0", Desk: "http://runs.atoll-directory.svc:8091", PriorityClass: "atoll-job", Placement: v1alpha1.PlacementRequired,
			KeepPods: time.Hour, MaxSleep: o.glance, Concurrency: o.runs, Clock: o.clock,
		},
		Store:   fakeStore{},
		Sender:  o.sent,
		Airflow: o.engine,
	}))
	o.stop, o.done = stop, make(chan struct{})
	go func() {
		defer close(o.done)
		must(mgr.Start(running))
	}()
}

// kill ends the operator in the middle of whatever it does.
func (o *operator) kill() {
	if o.stop == nil {
		return
	}
	o.stop()
	<-o.done
	o.stop = nil
}

// fakeStore signs nothing; what is signed is tested with a real store.
type fakeStore struct{}

func (fakeStore) Get(_ context.Context, key string, _ time.Duration) (string, error) {
	return "http://store/get/" + key, nil
}

func (fakeStore) Put(_ context.Context, key string, _ time.Duration) (string, error) {
	return "http://store/put/" + key, nil
}

func (fakeStore) Link(_ context.Context, name string) string { return "http://store/link/" + name }

// receiver remembers what was sent, and refuses the first messages if it is told to.
type receiver struct {
	mu     sync.Mutex
	refuse int
	alerts []run.Alert
	calls  int
}

func (r *receiver) receive(a run.Alert) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.calls <= r.refuse {
		return fmt.Errorf("the receiver is busy")
	}
	r.alerts = append(r.alerts, a)
	return nil
}

func (r *receiver) Webhook(_ context.Context, _ string, a run.Alert) error { return r.receive(a) }
func (r *receiver) Mail(_ context.Context, _ string, a run.Alert) error    { return r.receive(a) }

func (r *receiver) got() ([]run.Alert, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]run.Alert{}, r.alerts...), r.calls
}

// eventually waits until check finds nothing wrong.
func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, soon, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not within %s: %v", what, soon, last)
	}
}

// newWorkspace makes a workspace of ada's with a profile of its own, and waits until pods can be made in it.
func newWorkspace(t testing.TB, name string, change ...func(*v1alpha1.Workspace)) {
	t.Helper()
	p := &v1alpha1.Profile{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.ProfileSpec{
			DisplayName: "Python", Image: "docker.io/atoll/notebook:1",
			Sizes: []v1alpha1.Size{
				{Name: "small", CPU: amount("100m", "1"), Memory: amount("256Mi", "1Gi")},
				{Name: "large", CPU: amount("1", "4"), Memory: amount("4Gi", "8Gi")},
			},
			Env: []v1alpha1.EnvVar{{Name: "MODE", Value: "$(HOME)"}},
		},
	}
	must(admin.Create(ctx, p))
	ws := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.WorkspaceSpec{
			DisplayName: name, Owner: "ada", Profiles: []string{name},
			Members: []v1alpha1.Member{
				{Kind: v1alpha1.MemberUser, Name: "bob", Role: v1alpha1.RoleMember},
				{Kind: v1alpha1.MemberUser, Name: "eve", Role: v1alpha1.RoleViewer},
			},
			Quota: v1alpha1.WorkspaceQuota{
				CPU: resource.MustParse("10000"), Memory: resource.MustParse("10000Gi"), Storage: resource.MustParse("1000Gi"), Servers: 5,
			},
			Home:    v1alpha1.Home{Size: resource.MustParse("1Gi")},
			Culling: v1alpha1.Culling{IdleAfter: duration(time.Hour), MaxHold: duration(time.Hour)},
		},
	}
	for _, c := range change {
		c(ws)
	}
	must(admin.Create(ctx, ws))
	eventually(t, "the quota of "+name+" is counted", func() error {
		quota := &corev1.ResourceQuota{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-" + name, Name: "workspace"}, quota); err != nil {
			return err
		}
		if len(quota.Status.Hard) == 0 {
			return fmt.Errorf("not yet")
		}
		return admin.Get(ctx, client.ObjectKey{Namespace: "ws-" + name, Name: "person-ada"}, &corev1.ServiceAccount{})
	})
}

func amount(guarantee, limit string) v1alpha1.ResourceRange {
	return v1alpha1.ResourceRange{Guarantee: resource.MustParse(guarantee), Limit: resource.MustParse(limit)}
}

// nextHour is where the clock of an operator begins.
func nextHour() time.Time { return time.Now().Add(time.Hour).Truncate(time.Hour) }

func duration(d time.Duration) metav1.Duration { return metav1.Duration{Duration: d} }

// newSchedule makes a schedule of one task that is due every hour, first an hour after the clock's beginning.
func newSchedule(t testing.TB, workspace, name string, change ...func(*v1alpha1.ScheduleSpec)) *v1alpha1.Schedule {
	t.Helper()
	start := metav1.NewTime(nextHour().Add(time.Minute))
	s := &v1alpha1.Schedule{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ws-" + workspace, Name: name},
		Spec: v1alpha1.ScheduleSpec{
			Owner: "ada", Profile: workspace, Cron: "0 * * * *", TimeZone: "UTC", Start: &start,
			StartDeadline: duration(24 * time.Hour),
			Tasks:         []v1alpha1.Task{{Name: "load", Notebook: v1alpha1.Notebook{Home: "load.ipynb"}}},
		},
	}
	for _, c := range change {
		c(&s.Spec)
	}
	for i := range s.Spec.Tasks {
		task := &s.Spec.Tasks[i]
		if task.Timeout.Duration == 0 {
			task.Timeout = duration(time.Hour)
		}
		if task.Retries.Backoff.Duration == 0 {
			task.Retries.Backoff, task.Retries.MaxBackoff = duration(time.Minute), duration(10*time.Minute)
		}
	}
	must(admin.Create(ctx, s))
	return s
}

// runs are those of a schedule in the order of their times, but for one that has just been made and not looked at.
func runs(t testing.TB, s *v1alpha1.Schedule) []v1alpha1.Run {
	t.Helper()
	list := &v1alpha1.RunList{}
	must(admin.List(ctx, list, client.InNamespace(s.Namespace), client.MatchingLabels{v1alpha1.LabelSchedule: s.Name}))
	return list.Items
}

// phases writes runs like "10:Missed 11:Running".
func phases(t testing.TB, s *v1alpha1.Schedule) string {
	t.Helper()
	text := ""
	for _, r := range runs(t, s) {
		text += fmt.Sprintf("%s:%s ", r.Spec.Interval.UTC().Format("15"), r.Status.Phase)
	}
	return text
}

func getRun(t testing.TB, s *v1alpha1.Schedule, name string) *v1alpha1.Run {
	t.Helper()
	r := &v1alpha1.Run{}
	must(admin.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, r))
	return r
}

func get(t testing.TB, s *v1alpha1.Schedule) *v1alpha1.Schedule {
	t.Helper()
	out := &v1alpha1.Schedule{}
	must(admin.Get(ctx, client.ObjectKeyFromObject(s), out))
	return out
}

// change edits a schedule as a person does.
func change(t testing.TB, s *v1alpha1.Schedule, edit func(*v1alpha1.ScheduleSpec)) {
	t.Helper()
	eventually(t, "changing the schedule", func() error {
		live := get(t, s)
		edit(&live.Spec)
		return admin.Update(ctx, live)
	})
}
