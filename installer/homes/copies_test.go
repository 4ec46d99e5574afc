package homes

import (
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAt(t *testing.T) {
	// As restic lists them, in whatever zone it runs.
	copies, err := parse([]byte(`[{"short_id":"aa","time":"2026-11-19T02:00:00+01:00"},{"short_id":"bb","time":"2026-11-20T01:00:00Z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]string{
		"2026-11-19T01:00:00Z": "aa",
		"2026-11-20T00:59:59Z": "aa",
		"2026-11-20T01:00:00Z": "bb",
		"2027-01-01T00:00:00Z": "bb",
	} {
		if got, err := at(copies, moment(t, when)); err != nil || got.ID != want {
			t.Errorf("at %s it is %q, %v; want %q", when, got.ID, err, want)
		}
	}
	_, err = at(copies, moment(t, "2026-11-19T00:59:59Z"))
	if err == nil || !strings.Contains(err.Error(), "the first one is from 2026-11-19T01:00:00Z") {
		t.Errorf("before the first one: %v", err)
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-20":                "2026-11-20T23:59:59Z",
		"2024-02-29":                "2024-02-29T23:59:59Z",
		"2026-11-20T15:04:05+02:00": "2026-11-20T13:04:05Z",
	} {
		if got, err := ParseTime(text); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}
