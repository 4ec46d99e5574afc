package schedule_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
)

func TestArguments(t *testing.T) {
	zone, err := time.LoadLocation(amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	values := schedule.Values{
		Date:     time.Date(2026, 3, 29, 3, 0, 0, 0, zone),
		Previous: time.Date(2026, 3, 28, 2, 30, 0, 0, zone),
		ID:       "nightly-20260329-0100", Attempt: 2, Schedule: "nightly", Workspace: "fraud",
	}
	got, err := schedule.Arguments([]v1alpha1.Parameter{
		{Name: "day", Value: "{{ run.date }}"},
		{Name: "since", Value: "{{run.previous_time}}"},
		{Name: "until", Value: "{{ run.next_date }}"},
		{Name: "path", Value: "s3://x/{{ run.workspace }}/{{ run.schedule }}/{{ run.id }}"},
		{Name: "attempt", Value: "{{ run.attempt }}"},
		{Name: "at", Value: "{{ run.time }}"},
		{Name: "number", Value: "1.5"},
		{Name: "flag", Value: "true"},
		{Name: "text", Value: `"5"`},
		{Name: "list", Value: `["a", {"b": {"c": 1}}]`},
		{Name: "words", Value: "it's plain"},
	}, values)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"2026-03-29T03:00:00+02:00","attempt":2,"day":"2026-03-29","flag":true,"list":["a",{"b":{"c":1}}],"number":1.5,` +
		`"path":"s3://x/fraud/nightly/nightly-20260329-0100","since":"2026-03-28T02:30:00+01:00","text":"5","until":"","words":"it's plain"}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTemplateRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{{ run.date":               "not closed",
		"{{ ds }}":                  `no "ds"; a parameter may use run.date`,
		"{{ run.date | upper }}":    "run.previous_date",
		"{{ }}":                     `no ""`,
		"{{ run.date }} {{ nope }}": `no "nope"`,
	} {
		if err := schedule.CheckTemplate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func task(name string, dependsOn ...string) v1alpha1.Task {
	return v1alpha1.Task{Name: name, DependsOn: dependsOn}
}

func TestCheckTasks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tasks []v1alpha1.Task
		want  []string
	}{
		{"a line", []v1alpha1.Task{task("a"), task("b", "a"), task("c", "b")}, nil},
		{"a diamond, in any order", []v1alpha1.Task{task("d", "b", "c"), task("b", "a"), task("c", "a"), task("a")}, nil},
		{"unknown", []v1alpha1.Task{task("a"), task("b", "x")}, []string{"task b depends on x"}},
		{"two in a circle", []v1alpha1.Task{task("a", "b"), task("b", "a")}, []string{"a -> b -> a"}},
		{"a circle behind a line", []v1alpha1.Task{task("a", "b"), task("b", "c"), task("c", "d"), task("d", "b")}, []string{"b -> c -> d -> b"}},
		{"itself", []v1alpha1.Task{task("a", "a")}, []string{"a -> a"}},
		{"a parameter", []v1alpha1.Task{{Name: "a", Parameters: []v1alpha1.Parameter{{Name: "p", Value: "{{ ds }}"}}}}, []string{"parameter p of task a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := schedule.CheckTasks(tt.tasks)
			if len(got) != len(tt.want) {
				t.Fatalf("%+v, want %q", got, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i].Message, want) {
					t.Errorf("%q does not say %q", got[i].Message, want)
				}
			}
		})
	}
}

func TestDecide(t *testing.T) {
	c := parse(t, "0 * * * *", "UTC")
	last := at(t, "2026-01-01T00:00:00Z")
	for _, tt := range []struct {
		name   string
		now    string
		end    string
		policy v1alpha1.CatchUpPolicy
		limit  int
		want   string
	}{
		{"nothing is due", "2026-01-01T00:59:59Z", "", v1alpha1.CatchUpAll, 5, ""},
		{"in time", "2026-01-01T01:00:30Z", "", v1alpha1.CatchUpNone, 5, "01:Schedule"},
		{"too late, none", "2026-01-01T01:10:00Z", "", v1alpha1.CatchUpNone, 5, "01:"},
		{"too late, latest", "2026-01-01T01:10:00Z", "", v1alpha1.CatchUpLatest, 5, "01:CatchUp"},
		{"three missed, none", "2026-01-01T03:10:00Z", "", v1alpha1.CatchUpNone, 5, "01: 02: 03:"},
		{"three missed, latest", "2026-01-01T03:10:00Z", "", v1alpha1.CatchUpLatest, 5, "01: 02: 03:CatchUp"},
		{"three missed, all", "2026-01-01T03:10:00Z", "", v1alpha1.CatchUpAll, 5, "01:CatchUp 02:CatchUp 03:CatchUp"},
		{"two missed and one in time, none", "2026-01-01T03:00:10Z", "", v1alpha1.CatchUpNone, 5, "01: 02: 03:Schedule"},
		{"two missed and one in time, latest", "2026-01-01T03:00:10Z", "", v1alpha1.CatchUpLatest, 5, "01: 02: 03:Schedule"},
		{"two missed and one in time, all", "2026-01-01T03:00:10Z", "", v1alpha1.CatchUpAll, 5, "01:CatchUp 02:CatchUp 03:Schedule"},
		{"beyond the limit", "2026-01-01T09:10:00Z", "", v1alpha1.CatchUpAll, 2, "07:+ 08:CatchUp 09:CatchUp"},
		{"just beyond the limit", "2026-01-01T03:10:00Z", "", v1alpha1.CatchUpAll, 2, "01: 02:CatchUp 03:CatchUp"},
		{"until the end", "2026-01-01T09:10:00Z", "2026-01-01T03:00:00Z", v1alpha1.CatchUpAll, 5, "01:CatchUp 02:CatchUp"},
		{"the clock went back", "2025-12-31T20:00:00Z", "", v1alpha1.CatchUpAll, 5, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := schedule.Window{Last: last, Now: at(t, tt.now), Policy: tt.policy, Limit: tt.limit}
			if tt.end != "" {
				w.End = at(t, tt.end)
			}
			var got []string
			for _, i := range schedule.Decide(c, w) {
				text := i.Time.Format("15") + ":" + string(i.Trigger)
				if i.Earlier {
					text += "+"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBegin(t *testing.T) {
	created := at(t, "2026-01-02T00:00:00Z")
	past, future := at(t, "2026-01-01T00:00:00Z"), at(t, "2026-01-03T00:00:00Z")
	daily := parse(t, "@daily", "UTC")
	for _, tt := range []struct {
		name   string
		start  *time.Time
		policy v1alpha1.CatchUpPolicy
		want   string
	}{
		{"no start", nil, v1alpha1.CatchUpAll, "2026-01-03T00:00Z"},
		{"a start in the past", &past, v1alpha1.CatchUpLatest, "2026-01-03T00:00Z"},
		{"a start in the past, all caught up with", &past, v1alpha1.CatchUpAll, "2026-01-01T00:00Z"},
		{"a start to come is due itself", &future, v1alpha1.CatchUpNone, "2026-01-03T00:00Z"},
	} {
		if got := daily.Next(schedule.Begin(created, tt.start, tt.policy)).Format(layout); got != tt.want {
			t.Errorf("%s: first due at %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestDelay(t *testing.T) {
	r := v1alpha1.Retries{Backoff: metav1.Duration{Duration: time.Minute}, MaxBackoff: metav1.Duration{Duration: 5 * time.Minute}}
	for failures, want := range map[int32]time.Duration{1: time.Minute, 2: 2 * time.Minute, 3: 4 * time.Minute, 4: 5 * time.Minute, 1000: 5 * time.Minute} {
		if got := schedule.Delay(r, failures); got != want {
			t.Errorf("after %d failures %s, want %s", failures, got, want)
		}
	}
}

func TestRunName(t *testing.T) {
	a, b := schedule.RunName("nightly", at(t, "2026-10-25T02:30:00+02:00")), schedule.RunName("nightly", at(t, "2026-10-25T02:30:00+01:00"))
	if a != "nightly-20261025-0030" || b != "nightly-20261025-0130" {
		t.Errorf("the two hours of one name are %s and %s", a, b)
	}
}
