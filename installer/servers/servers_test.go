package servers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestReadCulling(t *testing.T) {
	unseen := Culling{Verdict: Unseen, Reason: "the hub has not looked at it yet"}
	for name, test := range map[string]struct {
		text string
		want Culling
	}{
		"a verdict": {
			`{"verdict":"Ending","reason":"quiet","stopsAt":"2026-11-21T12:10:00Z","warnedAt":"2026-11-21T12:00:00Z","decidedAt":"2026-11-21T12:00:00Z"}`,
			Culling{Ending, "quiet", "2026-11-21T12:10:00Z", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z"},
		},
		"one without an end": {
			`{"verdict":"Busy","reason":"a kernel runs a cell","decidedAt":"2026-11-21T11:50:00Z"}`,
			Culling{Verdict: Busy, Reason: "a kernel runs a cell", DecidedAt: "2026-11-21T11:50:00Z"},
		},
		"one that nobody renewed": {
			`{"verdict":"Idle","reason":"quiet","stopsAt":"2026-11-21T11:00:00Z","decidedAt":"2026-11-21T10:00:00Z"}`,
			Culling{Verdict: Outdated, DecidedAt: "2026-11-21T10:00:00Z", Reason: "the hub last looked at 2026-11-21T10:00:00Z and found: Idle; " +
				"it does not look any more, see `atoll status`"},
		},
		"none":               {"", unseen},
		"no JSON":            {"soon", unseen},
		"another verdict":    {`{"verdict":"Pardoned","decidedAt":"2026-11-21T12:00:00Z"}`, unseen},
		"no time":            {`{"verdict":"Idle","decidedAt":"today"}`, unseen},
		"a number for words": {`{"verdict":7}`, unseen},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, readCulling(test.text, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadHome(t *testing.T) {
	for text, want := range map[string]*Home{
		`{"used":5,"size":10,"enforced":true,"complete":false}`: {5, 10, true, false},
		`{"used":5,"size":10}`:  {5, 10, false, true},
		`{"used":5,"size":0}`:   nil,
		`{"used":-5,"size":10}`: nil,
		`full`:                  nil,
		``:                      nil,
	} {
		if diff := cmp.Diff(want, readHome(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestDescribe(t *testing.T) {
	started := metav1.NewTime(noon.Add(-time.Hour))
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "notebook-ada", Namespace: "ws-fraud",
			Labels: map[string]string{"atoll.dev/workspace": "fraud", "atoll.dev/profile": "python"},
			Annotations: map[string]string{
				"atoll.dev/person": "Ada@x.org", "atoll.dev/size": "small", "atoll.dev/last-activity": "yesterday",
				"atoll.dev/held-until": "2026-11-21T12:30:00Z",
			},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &started},
	}
	want := Server{
		Person: "Ada@x.org", Workspace: "fraud", Namespace: "ws-fraud", Pod: "notebook-ada", Profile: "python", Size: "small",
		Phase: "Running", Since: "2026-11-21T11:00:00Z", HeldUntil: "2026-11-21T12:30:00Z",
		Culling: Culling{Verdict: Unseen, Reason: "the hub has not looked at it yet"},
	}
	if diff := cmp.Diff(want, describe(pod, noon)); diff != "" {
		t.Error(diff)
	}
	if got := describe(pod, noon.Add(time.Hour)).HeldUntil; got != "" {
		t.Errorf("a hold that has ended is shown: %s", got)
	}
}

func TestByStop(t *testing.T) {
	all := []Server{
		{Person: "never"},
		{Person: "late", Culling: Culling{StopsAt: "2026-11-21T13:00:00Z"}},
		{Person: "soon", Culling: Culling{StopsAt: "2026-11-21T12:10:00Z"}},
		{Person: "nor he"},
	}
	ByStop(all)
	var got []string
	for _, s := range all {
		got = append(got, s.Person)
	}
	if diff := cmp.Diff([]string{"soon", "late", "never", "nor he"}, got); diff != "" {
		t.Error(diff)
	}
}
