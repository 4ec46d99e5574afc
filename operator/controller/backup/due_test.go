package backup

import (
	"testing"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func TestDue(t *testing.T) {
	// The home's share of the hour is 35 minutes.
	const home = "ws-fraud/home-ada"
	if got := spread(home); got != 35*time.Minute {
		t.Fatalf("spread is %s", got)
	}
	for _, tt := range []struct {
		name         string
		backup       v1alpha1.Backup
		now          string
		latest, next string
	}{
		{"hourly, after", v1alpha1.Backup{Every: "Hour", At: "01:00"}, "2026-11-20T10:35:00Z", "2026-11-20T10:35:00Z", "2026-11-20T11:35:00Z"},
		{"hourly, before", v1alpha1.Backup{Every: "Hour", At: "01:00"}, "2026-11-20T10:34:59Z", "2026-11-20T09:35:00Z", "2026-11-20T10:35:00Z"},
		{"daily, after", v1alpha1.Backup{Every: "Day", At: "01:00"}, "2026-11-20T01:40:00Z", "2026-11-20T01:35:00Z", "2026-11-21T01:35:00Z"},
		{"daily, before", v1alpha1.Backup{Every: "Day", At: "01:00"}, "2026-11-20T01:00:00Z", "2026-11-19T01:35:00Z", "2026-11-20T01:35:00Z"},
		{"daily, over midnight", v1alpha1.Backup{Every: "Day", At: "23:30"}, "2026-11-20T00:06:00Z", "2026-11-20T00:05:00Z", "2026-11-21T00:05:00Z"},
		{"daily, another zone's now", v1alpha1.Backup{Every: "Day", At: "01:00"}, "2026-11-20T02:40:00+01:00", "2026-11-20T01:35:00Z", "2026-11-21T01:35:00Z"},
		{"weekly, on a Friday", v1alpha1.Backup{Every: "Week", At: "01:00"}, "2026-11-20T12:00:00Z", "2026-11-15T01:35:00Z", "2026-11-22T01:35:00Z"},
		{"weekly, on Sunday before", v1alpha1.Backup{Every: "Week", At: "01:00"}, "2026-11-22T01:00:00Z", "2026-11-15T01:35:00Z", "2026-11-22T01:35:00Z"},
		{"weekly, on Sunday after", v1alpha1.Backup{Every: "Week", At: "01:00"}, "2026-11-22T02:00:00Z", "2026-11-22T01:35:00Z", "2026-11-29T01:35:00Z"},
		{"never", v1alpha1.Backup{Every: "Never", At: "01:00"}, "2026-11-22T02:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			latest, next := due(tt.backup, home, now)
			if got := latest.Format(time.RFC3339); got != tt.latest {
				t.Errorf("latest is %s, want %s", got, tt.latest)
			}
			if got := next.Format(time.RFC3339); got != tt.next {
				t.Errorf("next is %s, want %s", got, tt.next)
			}
		})
	}
}
