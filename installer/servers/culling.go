package servers

import (
	"encoding/json"
	"time"
)

// unseenAfter is the age at which a verdict says that nobody looks any more: the hub writes each anew every ten minutes.
const unseenAfter = 25 * time.Minute

// Verdict is what becomes of a server. All but the last two are the hub's words.
type Verdict string

// The verdicts.
const (
	Active  Verdict = "Active"
	Busy    Verdict = "Busy"
	Idle    Verdict = "Idle"
	Held    Verdict = "Held"
	Unknown Verdict = "Unknown"
	Ending  Verdict = "Ending"
	Stop    Verdict = "Stop"
	Off     Verdict = "Off"
	// Unseen says that the hub has not looked at the server yet.
	Unseen Verdict = "Unseen"
	// Outdated says that the hub has looked, and looks no more.
	Outdated Verdict = "Outdated"
)

// Culling is what the hub decided: the dry run and what it does are one.
type Culling struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// StopsAt is when the server is stopped if nothing changes; empty where it is not.
	StopsAt   string `json:"stopsAt"`
	WarnedAt  string `json:"warnedAt"`
	DecidedAt string `json:"decidedAt"`
}

// Home is how full the home of a server's person is.
type Home struct {
	// Used and Size are bytes.
	Used int64 `json:"used"`
	Size int64 `json:"size"`
	// Enforced is false where the storage lets a home grow beyond its size.
	Enforced bool `json:"enforced"`
	// Complete is false where there was no time to count all of it.
	Complete bool `json:"complete"`
}

// Share is used divided by size.
func (h Home) Share() float64 { return float64(h.Used) / float64(h.Size) }

func readCulling(text string, now time.Time) Culling {
	var c Culling
	decided := time.Time{}
	if err := json.Unmarshal([]byte(text), &c); err == nil {
		decided, _ = time.Parse(time.RFC3339, c.DecidedAt)
	}
	switch {
	case decided.IsZero() || !known(c.Verdict):
		return Culling{Verdict: Unseen, Reason: "the hub has not looked at it yet"}
	case now.Sub(decided) > unseenAfter:
		return Culling{
			Verdict: Outdated, DecidedAt: moment(c.DecidedAt),
			Reason: "the hub last looked at " + moment(c.DecidedAt) + " and found: " + string(c.Verdict) +
				"; it does not look any more, see `atoll status`",
		}
	}
	c.StopsAt, c.WarnedAt, c.DecidedAt = moment(c.StopsAt), moment(c.WarnedAt), moment(c.DecidedAt)
	return c
}

func known(v Verdict) bool {
	switch v {
	case Active, Busy, Idle, Held, Unknown, Ending, Stop, Off:
		return true
	}
	return false
}

func readHome(text string) *Home {
	home := &Home{Complete: true}
	if err := json.Unmarshal([]byte(text), home); err != nil || home.Size <= 0 || home.Used < 0 {
		return nil
	}
	return home
}
