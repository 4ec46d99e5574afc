package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// together lets so many calls of Record wait for a transaction that lasts, and lets it end.
func together(t *testing.T, l *Ledger, calls ...func() error) []error {
	t.Helper()
	l.mu.Lock()
	unlock := sync.OnceFunc(l.mu.Unlock)
	defer unlock()
	errs := make([]error, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() { errs[i] = call() })
		for waiting, deadline := 0, time.Now().Add(time.Minute); waiting <= i; runtime.Gosched() { // in this order
			if time.Now().After(deadline) {
				t.Fatalf("%d calls wait together, want %d", waiting, i+1)
			}
			l.queue.Lock()
			if l.next != nil {
				waiting = len(l.next.calls)
			}
			l.queue.Unlock()
		}
	}
	unlock()
	all.Wait()
	return errs
}

func TestWhoWaitsIsWrittenTogether(t *testing.T) {
	l, _ := real(t)
	const waiting = 50
	var calls []func() error
	for i := range waiting {
		calls = append(calls, func() error {
			return l.Record(t.Context(), Person{Name: fmt.Sprintf("p%d", i)}, Person{Name: "shared", Groups: []string{fmt.Sprint(i / 2)}})
		})
	}
	if err := errors.Join(together(t, l, calls...)...); err != nil {
		t.Fatal(err)
	}
	// Of two that say the same of "shared" one after the other, one is news.
	if head, err := l.Verify(t.Context()); err != nil || head.Seq != waiting+waiting/2 {
		t.Errorf("verified %d rows, want %d: %v", head.Seq, waiting+waiting/2, err)
	}
	var transactions int
	if err := l.pool.QueryRow(t.Context(), "SELECT count(DISTINCT xmin::text) FROM ledger").Scan(&transactions); err != nil || transactions != 1 {
		t.Errorf("written in %d transactions, want 1: %v", transactions, err)
	}
}

// A name with a zero byte is what PostgreSQL keeps in no text.
func TestWhatIsRefusedIsNobodyElses(t *testing.T) {
	l, _ := real(t)
	errs := together(t, l,
		func() error { return l.Record(t.Context(), Person{Name: "ada"}) },
		func() error { return l.Record(t.Context(), Person{Name: "b\x00b"}, Person{Name: "bob"}) },
		func() error { return l.Record(t.Context(), Person{Name: "carl"}) },
	)
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("the calls ended with %q", errs)
	}
	var names []string
	for _, r := range rows(t, l) {
		names = append(names, r.Name)
	}
	if fmt.Sprint(names) != "[ada carl]" {
		t.Errorf("the ledger names %v", names)
	}
}

func TestNobodyIsToldBeforeItIsKept(t *testing.T) {
	l, _ := real(t)
	l.Close() // the database is away
	for i, err := range together(t, l,
		func() error { return l.Record(t.Context(), Person{Name: "ada"}) },
		func() error { return l.Record(t.Context(), Person{Name: "bob"}) },
	) {
		if err == nil {
			t.Errorf("call %d ended well", i)
		}
	}
}
