package backup

import (
	"hash/fnv"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// due is the latest time at or before now for which a home is to be backed up, and the first one after now.
// Homes are spread over an hour by their names, so that a platform with many of them does not save all at once.
// It returns zero times where homes are never backed up.
func due(b v1alpha1.Backup, home string, now time.Time) (latest, next time.Time) {
	now = now.UTC()
	spread := spread(home)
	var period time.Duration
	start := now.Truncate(time.Hour)
	switch b.Every {
	case v1alpha1.BackupHour:
		period = time.Hour
	case v1alpha1.BackupDay, v1alpha1.BackupWeek:
		period = 24 * time.Hour
		start = midnight(now).Add(at(b.At))
		if b.Every == v1alpha1.BackupWeek {
			period = 7 * 24 * time.Hour
			start = start.AddDate(0, 0, -int(now.Weekday()))
		}
	default:
		return time.Time{}, time.Time{}
	}
	latest = start.Add(spread)
	if latest.After(now) {
		latest = latest.Add(-period)
	}
	return latest, latest.Add(period)
}

// spread is the home's share of the hour, in whole minutes.
func spread(home string) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(home)) // a hash never fails
	return time.Duration(h.Sum32()%60) * time.Minute
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// at reads HH:MM, which the API has checked; anything else is midnight.
func at(clock string) time.Duration {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}
