package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/internal/schedule"
)

const (
	amsterdam = "Europe/Amsterdam"
	layout    = "2006-01-02T15:04Z07:00"
)

func parse(t *testing.T, expression, zone string) *schedule.Cron {
	t.Helper()
	c, err := schedule.ParseCron(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestNext(t *testing.T) {
	for _, tt := range []struct {
		name, cron, zone, from string
		want                   []string
	}{
		{"every day", "30 6 * * *", amsterdam, "2026-01-10T05:30:00Z", []string{"2026-01-11T06:30+01:00", "2026-01-12T06:30+01:00"}},
		{"a time itself is not after it", "30 6 * * *", "UTC", "2026-01-10T06:29:59Z", []string{"2026-01-10T06:30Z", "2026-01-11T06:30Z"}},
		{"weekdays by name", "0 9 * * Mon-Fri", "UTC", "2026-01-09T10:00:00Z", []string{"2026-01-12T09:00Z"}},

		// 29 March 2026, 02:00 becomes 03:00.
		{"a time that is left out", "30 2 * * *", amsterdam, "2026-03-28T12:00:00Z", []string{"2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"}},
		{"several that are left out are due once", "0,15,30 2 * * *", amsterdam, "2026-03-28T12:00:00Z", []string{"2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"}},
		{"one that is left out and one that follows", "30 2,3 * * *", amsterdam, "2026-03-28T12:00:00Z", []string{"2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"}},
		{"both fall on one moment", "0 2,3 * * *", amsterdam, "2026-03-28T12:00:00Z", []string{"2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"}},
		{"from within the jump", "30 2 * * *", amsterdam, "2026-03-29T01:00:00Z", []string{"2026-03-30T02:30+02:00"}},
		{"every hour passes over it", "30 * * * *", amsterdam, "2026-03-29T00:00:00Z", []string{"2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"}},

		// 25 October 2026, 03:00 becomes 02:00.
		{"a time that is there twice", "30 2 * * *", amsterdam, "2026-10-24T12:00:00Z", []string{"2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"}},
		{"from within the first of two", "30 2 * * *", amsterdam, "2026-10-25T00:31:00Z", []string{"2026-10-26T02:30+01:00"}},
		{"after the doubled hour", "0 3 * * *", amsterdam, "2026-10-24T12:00:00Z", []string{"2026-10-25T03:00+01:00"}},
		{"every hour has both", "0 * * * *", amsterdam, "2026-10-24T23:30:00Z", []string{"2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"}},
		{"every two hours follow the clock", "0 */2 * * *", amsterdam, "2026-10-24T21:30:00Z", []string{"2026-10-25T00:00+02:00", "2026-10-25T02:00+02:00", "2026-10-25T04:00+01:00"}},

		{"New York leaves an hour out", "15 2 8 3 *", "America/New_York", "2026-03-01T00:00:00Z", []string{"2026-03-08T03:00-04:00"}},
		{"the south changes the other way", "30 2 * * *", "Australia/Sydney", "2026-10-02T20:00:00Z", []string{"2026-10-04T03:00+11:00"}},
		{"half an hour is left out", "15 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z", []string{"2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"}},
		{"midnight is left out", "0 0 * * *", "America/Asuncion", "2023-09-30T12:00:00Z", []string{"2023-10-01T01:00-03:00", "2023-10-02T00:00-03:00"}},
		{"a whole day is left out", "0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", []string{"2011-12-31T00:00+14:00", "2012-12-30T12:00+14:00"}},

		{"a zone without changes", "30 2 * * *", "Asia/Kolkata", "2026-03-28T12:00:00Z", []string{"2026-03-29T02:30+05:30", "2026-03-30T02:30+05:30"}},
		{"UTC on the day of a change", "30 2 * * *", "UTC", "2026-03-28T12:00:00Z", []string{"2026-03-29T02:30Z"}},

		{"February 29", "0 12 29 2 *", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T12:00Z", "2032-02-29T12:00Z"}},
		{"the 31st where there is one", "0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", []string{"2026-03-31T00:00Z", "2026-05-31T00:00Z"}},
		{"the new year", "@yearly", amsterdam, "2026-06-01T00:00:00Z", []string{"2027-01-01T00:00+01:00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := parse(t, tt.cron, tt.zone)
			var got []string
			for now := at(t, tt.from); len(got) < len(tt.want); {
				now = c.Next(now)
				got = append(got, now.Format(layout))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s in %s after %s (-want +got):\n%s", tt.cron, tt.zone, tt.from, diff)
			}
		})
	}
}

// TestNextOnlyAdvances walks through years of zones that do all there is to do to a clock.
func TestNextOnlyAdvances(t *testing.T) {
	for _, zone := range []string{"UTC", amsterdam, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"} {
		for _, expression := range []string{"*/20 * * * *", "30 2 * * *", "0 */3 * * *", "15 0,1,2,3 * * *"} {
			c := parse(t, expression, zone)
			now := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 3000 {
				next := c.Next(now)
				if !next.After(now) {
					t.Fatalf("%s in %s: after %s comes %s", expression, zone, now, next)
				}
				if again := c.Next(next.Add(-time.Second)); !again.Equal(next) {
					t.Fatalf("%s in %s: a second before %s the next is %s", expression, zone, next, again)
				}
				now = next
			}
		}
	}
}

func TestPrevious(t *testing.T) {
	for _, tt := range []struct{ cron, zone, from, want string }{
		{"30 6 * * *", amsterdam, "2026-01-10T05:30:00Z", "2026-01-09T06:30+01:00"},
		{"30 2 * * *", amsterdam, "2026-03-29T12:00:00Z", "2026-03-29T03:00+02:00"},
		{"30 2 * * *", amsterdam, "2026-10-25T12:00:00Z", "2026-10-25T02:30+02:00"},
		{"0 12 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2024-02-29T12:00Z"},
		{"* * * * *", "UTC", "2026-01-01T00:00:00Z", "2025-12-31T23:59Z"},
	} {
		if got := parse(t, tt.cron, tt.zone).Previous(at(t, tt.from)).Format(layout); got != tt.want {
			t.Errorf("%s in %s before %s: %s, want %s", tt.cron, tt.zone, tt.from, got, tt.want)
		}
	}
}

func TestDue(t *testing.T) {
	c := parse(t, "*/10 * * * *", "UTC")
	from := at(t, "2026-01-01T00:00:00Z")
	for _, tt := range []struct {
		name  string
		to    time.Duration
		limit int
		want  []string
		older bool
	}{
		{"none yet", 9 * time.Minute, 3, nil, false},
		{"one", 10 * time.Minute, 3, []string{"2026-01-01T00:10Z"}, false},
		{"as many as the limit", 30 * time.Minute, 3, []string{"2026-01-01T00:10Z", "2026-01-01T00:20Z", "2026-01-01T00:30Z"}, false},
		{"more than the limit", 55 * time.Minute, 3, []string{"2026-01-01T00:30Z", "2026-01-01T00:40Z", "2026-01-01T00:50Z"}, true},
		{"far more", 500 * 24 * time.Hour, 1, []string{"2027-05-16T00:00Z"}, true},
		{"the clock went back", -time.Hour, 3, nil, false},
		{"no limit is none", time.Hour, 0, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			due, older := c.Due(from, from.Add(tt.to), tt.limit)
			var got []string
			for _, d := range due {
				got = append(got, d.Format(layout))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || older != tt.older {
				t.Errorf("older is %v, want %v (-want +got):\n%s", older, tt.older, diff)
			}
		})
	}
}

func TestParseCronRefuses(t *testing.T) {
	for _, tt := range []struct{ cron, zone, want string }{
		{"61 * * * *", "UTC", "above maximum"},
		{"* * * *", "UTC", "five fields"},
		{"0 0 0 * * *", "UTC", "five fields"},
		{"0 0 30 2 *", "UTC", "never due"},
		{"@every 5m", "UTC", "@daily"},
		{"TZ=UTC 0 0 * * *", "UTC", "timeZone"},
		{"@reboot", "UTC", "not understood"},
		{"0 0 * * *", "Europe/Amsterdm", "IANA name"},
		{"0 0 * * *", "Local", "IANA name"},
		{"0 0 * * *", "", "IANA name"},
	} {
		_, err := schedule.ParseCron(tt.cron, tt.zone)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q in %q: %v, want %q", tt.cron, tt.zone, err, tt.want)
		}
	}
}
