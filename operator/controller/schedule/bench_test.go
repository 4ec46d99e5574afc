package schedule_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// BenchmarkSchedulesDueAtOnce has many schedules due at one moment and measures how late each one's pod is made.
func BenchmarkSchedulesDueAtOnce(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for round := range b.N {
				dueAtOnce(b, fmt.Sprintf("bench-%d-%d", n, round), n)
			}
		})
	}
}

func dueAtOnce(b *testing.B, workspace string, n int) {
	b.StopTimer()
	o := newOperatorWith(b, 16, 16, time.Minute)
	defer o.kill()
	newWorkspace(b, workspace)
	var last *v1alpha1.Schedule
	for i := range n {
		last = newSchedule(b, workspace, fmt.Sprintf("s-%04d", i))
	}
	ready(b, last, v1alpha1.ReasonReady)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	made := make(chan time.Time, n)
	go func() {
		for watching.Err() == nil {
			events, err := admin.Watch(watching, &corev1.PodList{}, client.InNamespace("ws-"+workspace))
			if err != nil {
				continue
			}
			for e := range events.ResultChan() {
				if e.Type == watch.Added {
					made <- time.Now()
				}
			}
		}
	}()
	// An operator that begins looks at every schedule.
	o.clock.SetTime(o.clock.Now().Add(time.Hour))
	b.StartTimer()
	begin := time.Now()
	o.kill()
	o.start()
	late := make([]time.Duration, 0, n)
	for range n {
		select {
		case at := <-made:
			late = append(late, at.Sub(begin))
		case <-time.After(2 * soon):
			b.Fatalf("%d of %d pods are made", len(late), n)
		}
	}
	b.StopTimer()
	slices.Sort(late)
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(late[n/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(late[n*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(memory.HeapAlloc>>20), "heap-MiB")
}
