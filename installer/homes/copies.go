// Package homes saves people's homes and puts files of them back.
package homes

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Copy is one backup of a home.
type Copy struct {
	// ID names the copy.
	ID string `json:"id"`
	// Snapshot is the VolumeSnapshot that holds it; empty for one in the object store.
	Snapshot string `json:"snapshot,omitempty"`
	// Time is when the home was like that, in UTC.
	Time time.Time `json:"time"`

	// needs is the size of the volume that is made of the snapshot.
	needs resource.Quantity
}

// parse reads restic's list of snapshots.
func parse(raw []byte) ([]Copy, error) {
	var listed []struct {
		ShortID string    `json:"short_id"`
		Time    time.Time `json:"time"`
	}
	if err := json.Unmarshal(raw, &listed); err != nil {
		return nil, fmt.Errorf("reading the list of backups: %w", err)
	}
	copies := make([]Copy, len(listed))
	for i, s := range listed {
		copies[i] = Copy{ID: s.ShortID, Time: s.Time.UTC()}
	}
	return copies, nil
}

// at is the last of at least one copy, oldest first, that was made at a time or before it.
func at(copies []Copy, t time.Time) (Copy, error) {
	for _, c := range slices.Backward(copies) {
		if !c.Time.After(t) {
			return c, nil
		}
	}
	return Copy{}, fmt.Errorf("there is no backup from %s or before; the first one is from %s",
		t.UTC().Format(time.RFC3339), copies[0].Time.Format(time.RFC3339))
}

// ParseTime reads a moment: RFC 3339, or a day in UTC, which means its last second.
func ParseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: write a day like 2026-11-20, or a moment like 2026-11-20T15:04:05Z", s)
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}
