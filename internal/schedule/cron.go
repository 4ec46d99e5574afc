// Package schedule is what a schedule means, apart from any engine: when it is due, what its parameters say, in which
// order its tasks run, and what becomes of runs that could not start in time. It is pure: it knows no cluster and
// reads no clock.
package schedule

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones are the same on every machine, and there where the machine has none

	"github.com/robfig/cron/v3"
)

const (
	// everyHour is the bit by which the cron library marks an hour field that is a star.
	everyHour = 1 << 63
	// apart is more than a zone's clock ever jumps, and less than two jumps are from each other.
	apart = 26 * time.Hour
)

// Cron is a cron expression in a time zone.
//
// Where the hour is a star, runs follow time itself: an hour that the clock shows twice has its runs twice, and one
// that it leaves out has none. Every other expression follows the clock of its zone: a run is due at the first moment
// at which the clock shows its time or a later one. So a run at a time that the clock leaves out is due when the clock
// has jumped, several of them once, and a run at a time that the clock shows twice is due the first time only.
type Cron struct {
	spec *cron.SpecSchedule
	zone *time.Location
}

// ParseCron reads an expression of five fields, or a word such as @daily, for a zone by its IANA name.
func ParseCron(expression, zone string) (*Cron, error) {
	location, err := ParseZone(zone)
	if err != nil {
		return nil, err
	}
	if strings.Contains(expression, "=") || strings.HasPrefix(expression, "@every") {
		return nil, fmt.Errorf("cron %q is not understood: write five fields such as \"30 6 * * 1-5\" or a word such as @daily; "+
			"the zone is set by timeZone", expression)
	}
	parsed, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, fmt.Errorf("cron %q is not understood: %w; write five fields: minute, hour, day of month, month, day of week, "+
			"such as \"30 6 * * 1-5\"", expression, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("cron %q is not understood: write five fields such as \"30 6 * * 1-5\"", expression)
	}
	spec.Location = time.UTC
	c := &Cron{spec: spec, zone: location}
	if c.spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("cron %q is never due: no year has such a day", expression)
	}
	return c, nil
}

// ParseZone reads the IANA name of a zone.
func ParseZone(zone string) (*time.Location, error) {
	if zone == "" || zone == "Local" {
		return nil, fmt.Errorf("timeZone %q is no zone: write its IANA name, such as Europe/Amsterdam or UTC", zone)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("timeZone %q is no zone: write its IANA name, such as Europe/Amsterdam or UTC", zone)
	}
	return location, nil
}

// Zone is the zone of the expression.
func (c *Cron) Zone() *time.Location { return c.zone }

// Next is the first time after t at which a run is due, in the zone; the zero time when there is none for years.
func (c *Cron) Next(t time.Time) time.Time {
	if c.spec.Hour&everyHour != 0 {
		spec := *c.spec
		spec.Location = c.zone
		return inZone(spec.Next(t), c.zone)
	}
	for face := c.spec.Next(faceOf(t, c.zone)); !face.IsZero(); face = c.spec.Next(face) {
		if due := momentOf(face, c.zone); due.After(t) {
			return due
		}
	}
	return time.Time{}
}

// Previous is the last time before t at which a run was due; the zero time when there was none for years.
func (c *Cron) Previous(t time.Time) time.Time {
	due, _ := c.Due(t.AddDate(-9, 0, 0), t.Add(-time.Nanosecond), 1)
	if len(due) == 0 {
		return time.Time{}
	}
	return due[0]
}

// Due lists the newest times after from and up to to at which runs are due, oldest first and at most limit of them.
// It reports whether there are older ones.
func (c *Cron) Due(from, to time.Time, limit int) (due []time.Time, older bool) {
	if limit < 1 || !to.After(from) {
		return nil, false
	}
	for window := time.Hour; ; window *= 4 {
		begin := to.Add(-window)
		whole := window > to.Sub(from) || !begin.After(from)
		if whole {
			begin = from
		}
		due = due[:0]
		count := 0
		for t := c.Next(begin); !t.IsZero() && !t.After(to); t = c.Next(t) {
			count++
			due = append(due, t)
			if len(due) > limit {
				due = due[1:]
			}
		}
		if count > limit {
			return due, true
		}
		if whole {
			return due, false
		}
	}
}

// faceOf is what the clock of a zone shows, written as a time in UTC.
func faceOf(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// momentOf is the first moment at which the clock of a zone shows a face or a later one.
func momentOf(face time.Time, zone *time.Location) time.Time {
	_, before := face.Add(-apart).In(zone).Zone()
	_, after := face.Add(apart).In(zone).Zone()
	early := face.Add(-time.Duration(max(before, after)) * time.Second).In(zone)
	late := face.Add(-time.Duration(min(before, after)) * time.Second).In(zone)
	for _, t := range []time.Time{early, late} {
		if faceOf(t, zone).Equal(face) {
			return t
		}
	}
	// The clock leaves the face out: it jumped between the two.
	_, end := early.ZoneBounds()
	return end.In(zone)
}

func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}
