package policy

import (
	"sync"
	"time"
)

// Side is a side of a matter whose data must not come together.
type Side struct {
	Class string `json:"class"`
	Side  string `json:"side"`
}

// walls remember which side of each matter a query has touched. Trino up to 476 does not say which query asks; then all
// that the person asked for within a while counts as one query. The while is as long as Trino takes, at the most, to plan
// a query, so no query can touch two sides.
type walls struct {
	hold time.Duration

	mu      sync.Mutex
	touched map[touch]touched
	swept   time.Time
}

type touch struct {
	query string // of a query, or of a person where the query is not known
	class string
}

type touched struct {
	side string
	at   time.Time
}

func newWalls(hold time.Duration) *walls {
	return &walls{hold: hold, touched: map[touch]touched{}}
}

// enter notes that the query touches the sides, or names the class that forbids it.
func (w *walls) enter(in Input, sides []Side, at time.Time) (class string, ok bool) {
	query := "query " + in.Context.QueryID
	if in.Context.QueryID == "" {
		query = "person " + in.Context.Identity.User
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep(at)
	for _, s := range sides {
		if before, there := w.touched[touch{query, s.Class}]; there && before.side != s.Side && at.Sub(before.at) < w.hold {
			return s.Class, false
		}
	}
	for _, s := range sides {
		w.touched[touch{query, s.Class}] = touched{s.Side, at}
	}
	return "", true
}

// sweep forgets what no query can remember.
func (w *walls) sweep(at time.Time) {
	if at.Sub(w.swept) < w.hold {
		return
	}
	w.swept = at
	for k, v := range w.touched {
		if at.Sub(v.at) >= w.hold {
			delete(w.touched, k)
		}
	}
}
