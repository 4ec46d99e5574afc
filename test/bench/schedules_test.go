package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/test/bench/scale"
)

const (
	schedules = 1000
	// together is how many schedules, and CronJobs, are in one namespace.
	together = 20
	// lead is how long before they are due they are made.
	lead = 3 * time.Minute
	// cronJobLabel is on the pods of CronJobs.
	cronJobLabel = "bench.atoll.dev/cronjob"
)

// BenchmarkSchedules has many schedules due in one minute, and as many CronJobs in another, and measures how late the pod of
// each is made, by when an API client sees it.
func BenchmarkSchedules(b *testing.B) {
	n := scale.Of(b, schedules)
	c := start(b, "simulated=25")
	c.create(b, profile("python"))
	c.create(b, &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "atoll-job"}, Value: -10})
	o := operate(b, c, "--namespace", "atoll-directory", "--run-bucket", "runs", "--run-image", "docker.io/atoll/operator:0.1.0",
		"--run-bind-address", "127.0.0.1:0", "--run-address", "http://runs.example.com", "--object-store-endpoint", "http://127.0.0.1:1",
		"--object-store-credentials", b.TempDir())
	for b.Loop() {
		groups := (n + together - 1) / together
		c.each(b, groups, func(ctx context.Context, i int) error { return c.Create(ctx, workspace(i)) })
		c.ready(b, groups)

		due := nextMinute(lead)
		c.each(b, n, func(ctx context.Context, i int) error { return c.Create(ctx, schedule(i, due)) })
		c.wait(b, "schedules to be looked at", func() (int, error) { return c.scheduled(b) }, n)
		busy, from := o.cpu(b), time.Now()
		late := c.lateness(b, v1alpha1.LabelSchedule, due, n, func() {
			// The minutes before, in which nothing is due.
			time.Sleep(time.Until(due.Add(-5 * time.Second)))
			b.ReportMetric(100*(o.cpu(b)-busy).Seconds()/time.Since(from).Seconds(), "%-of-a-core-at-rest")
			busy = o.cpu(b)
		})
		b.ReportMetric((o.cpu(b) - busy).Seconds(), "cpu-s/all-started")
		b.ReportMetric(o.peak(b)/(1<<20), "MiB-peak")
		tell(b, late, "schedule")

		due = nextMinute(lead)
		c.each(b, groups, func(ctx context.Context, i int) error {
			return c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("cronjobs-%d", i)}})
		})
		c.each(b, n, func(ctx context.Context, i int) error { return c.Create(ctx, cronJob(i, due)) })
		tell(b, c.lateness(b, cronJobLabel, due, n, func() {}), "cronjob")
	}
}

func nextMinute(after time.Duration) time.Time { return time.Now().Add(after).Truncate(time.Minute) }

// tell reports the median and the 99th percentile.
func tell(b *testing.B, late []time.Duration, what string) {
	b.Helper()
	b.ReportMetric(late[len(late)/2].Seconds(), "s/"+what+"-late-p50")
	b.ReportMetric(late[len(late)*99/100].Seconds(), "s/"+what+"-late-p99")
}

// scheduled counts the schedules that are Ready and know when they are due.
func (c *cluster) scheduled(b *testing.B) (int, error) {
	b.Helper()
	list := &v1alpha1.ScheduleList{}
	if err := c.List(b.Context(), list); err != nil {
		return 0, err
	}
	known := 0
	for i := range list.Items {
		if list.Items[i].Status.NextRun != nil {
			known++
		}
	}
	return known, nil
}

// lateness is how long after they were due n pods with the label are there, in order. Meanwhile something else is done.
func (c *cluster) lateness(b *testing.B, label string, due time.Time, n int, meanwhile func()) []time.Duration {
	b.Helper()
	watching, stop := context.WithCancel(b.Context())
	defer stop()
	made := make(chan time.Time, n)
	go func() {
		seen := map[client.ObjectKey]bool{}
		for watching.Err() == nil {
			events, err := c.Watch(watching, &corev1.PodList{}, client.HasLabels{label})
			if err != nil {
				continue
			}
			for e := range events.ResultChan() {
				pod, ok := e.Object.(*corev1.Pod)
				if !ok || e.Type != watch.Added || seen[client.ObjectKeyFromObject(pod)] {
					continue
				}
				seen[client.ObjectKeyFromObject(pod)] = true
				made <- time.Now()
			}
		}
	}()
	meanwhile()
	late := make([]time.Duration, 0, n)
	patience := time.After(time.Until(due) + 15*time.Minute)
	for range n {
		select {
		case at := <-made:
			late = append(late, at.Sub(due))
		case <-patience:
			b.Fatalf("%d of %d pods are made 15 minutes after they were due", len(late), n)
		}
	}
	slices.Sort(late)
	if late[0] < 0 {
		b.Fatalf("a pod was made %s before it was due", -late[0])
	}
	return late
}

// once is the cron expression of one minute of a day.
func once(due time.Time) string {
	due = due.UTC()
	return fmt.Sprintf("%d %d * * *", due.Minute(), due.Hour())
}

func schedule(i int, due time.Time) *v1alpha1.Schedule {
	group := i / together
	return &v1alpha1.Schedule{
		ObjectMeta: metav1.ObjectMeta{Namespace: v1alpha1.WorkspaceNamespacePrefix + name(group), Name: fmt.Sprintf("nightly-%d", i)},
		Spec: v1alpha1.ScheduleSpec{
			Owner: user(group, 0), Profile: "python", Cron: once(due), TimeZone: "UTC", StartDeadline: metav1.Duration{Duration: time.Hour},
			Tasks: []v1alpha1.Task{{
				Name: "load", Timeout: metav1.Duration{Duration: time.Hour},
				Retries: v1alpha1.Retries{Backoff: metav1.Duration{Duration: time.Minute}, MaxBackoff: metav1.Duration{Duration: time.Minute}},
				// Without a home: simulated nodes have no volumes.
				Notebook: v1alpha1.Notebook{Git: &v1alpha1.GitNotebook{Repository: "https://git.example.com/reports.git", Ref: "main", Path: "load.ipynb"}},
			}},
		},
	}
}

func cronJob(i int, due time.Time) *batchv1.CronJob {
	labels := map[string]string{cronJobLabel: fmt.Sprint(i)}
	pod := server(0, 0).Spec
	pod.ServiceAccountName, pod.PriorityClassName, pod.RestartPolicy = "", "atoll-job", corev1.RestartPolicyNever
	return &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("cronjobs-%d", i/together), Name: fmt.Sprintf("nightly-%d", i)},
		Spec: batchv1.CronJobSpec{
			Schedule: once(due), TimeZone: ptr.To("Etc/UTC"), ConcurrencyPolicy: batchv1.ForbidConcurrent,
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{
				BackoffLimit: ptr.To[int32](0),
				Template:     corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
			}},
		},
	}
}
