package backup

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// forgotten is when a wait that nobody asks about any more is dropped.
const forgotten = 24 * time.Hour

// waits remembers since when something is waited for. A restart begins anew, which only makes a wait longer.
type waits struct {
	mu    sync.Mutex
	began map[types.UID]time.Time
}

// since is how long it has been waited for, from the first time this is asked.
func (w *waits) since(uid types.UID, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	began, known := w.began[uid]
	if !known {
		maps.DeleteFunc(w.began, func(_ types.UID, at time.Time) bool { return now.Sub(at) > forgotten })
		if w.began == nil {
			w.began = map[types.UID]time.Time{}
		}
		w.began[uid] = now
		return 0
	}
	return now.Sub(began)
}

// over ends a wait.
func (w *waits) over(uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.began, uid)
}
