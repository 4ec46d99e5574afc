// Package lagging keeps what a service of AWS holds, of which reads show what there was a while ago.
package lagging

import "time"

// State is what a service holds, now and before. Nothing that it was given may be changed; who calls it sees to one call at a time.
type State[S any] struct {
	by   time.Duration
	past []moment[S]
}

// moment is what there was from a time on.
type moment[S any] struct {
	from  time.Time
	state S
}

// New is what there has always been, of which reads are so far behind.
func New[S any](first S, by time.Duration) State[S] {
	return State[S]{by: by, past: []moment[S]{{state: first}}}
}

// Now is what was written last.
func (s *State[S]) Now() S { return s.past[len(s.past)-1].state }

// Read is what reads show by now.
func (s *State[S]) Read() S {
	for i := len(s.past) - 1; i > 0; i-- {
		if time.Since(s.past[i].from) >= s.by {
			return s.past[i].state
		}
	}
	return s.past[0].state
}

// Write makes it something else, from now on.
func (s *State[S]) Write(next S) { s.past = append(s.past, moment[S]{time.Now(), next}) }

// Writes is how often it was made something else.
func (s *State[S]) Writes() int { return len(s.past) - 1 }
