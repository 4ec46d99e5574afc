package schedule

import (
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// OnTime is how late a run may be decided upon and still count as started in time.
const OnTime = time.Minute

// Interval is a time at which a run was due, and what becomes of it.
type Interval struct {
	Time time.Time
	// Trigger is that of the run; it is empty for a time that was missed for good.
	Trigger v1alpha1.Trigger
	// Earlier says that times before this one were missed too, and are not listed.
	Earlier bool
}

// Window is what has not been decided yet.
type Window struct {
	// Last is the newest time that has been decided; the times after it are looked at.
	Last time.Time
	Now  time.Time
	// End is the time from which on nothing is due; zero for none.
	End    time.Time
	Policy v1alpha1.CatchUpPolicy
	// Limit is how many times are looked at, the newest.
	Limit int
}

// Decide says for each time in the window what becomes of it, oldest first. The newest, if it has only just passed,
// is a run like any other; all the others have been missed, and the policy says which of them are started late.
func Decide(c *Cron, w Window) []Interval {
	to := w.Now
	if !w.End.IsZero() && !to.Before(w.End) {
		to = w.End.Add(-time.Nanosecond)
	}
	due, older := c.Due(w.Last, to, w.Limit+1)
	if len(due) == 0 {
		return nil
	}
	out := make([]Interval, len(due))
	for i, t := range due {
		newest := i == len(due)-1
		out[i] = Interval{Time: t}
		switch {
		case newest && w.Now.Sub(t) <= OnTime:
			out[i].Trigger = v1alpha1.TriggerSchedule
		case i == 0 && len(due) > w.Limit:
			out[i].Earlier = older
		case w.Policy == v1alpha1.CatchUpAll || (w.Policy == v1alpha1.CatchUpLatest && newest):
			out[i].Trigger = v1alpha1.TriggerCatchUp
		}
	}
	return out
}

// Begin is the time from which on a new schedule is due: its start, or when it was made. A start before that counts
// where all missed runs are caught up with.
func Begin(created time.Time, start *time.Time, policy v1alpha1.CatchUpPolicy) time.Time {
	if start == nil || (start.Before(created) && policy != v1alpha1.CatchUpAll) {
		return created
	}
	// The start itself may be due.
	return start.Add(-time.Nanosecond)
}

// RunName is the name of the one run of a schedule for a time at which it was due.
func RunName(schedule string, due time.Time) string {
	return schedule + "-" + due.UTC().Format("20060102-1504")
}

// Delay is how long to wait before a task that has failed so often is tried again.
func Delay(r v1alpha1.Retries, failures int32) time.Duration {
	delay := r.Backoff.Duration
	for range failures - 1 {
		delay *= 2
		if delay >= r.MaxBackoff.Duration {
			break
		}
	}
	return min(delay, r.MaxBackoff.Duration)
}
