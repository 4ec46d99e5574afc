package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// mostTogether is how many calls of Record go into one transaction.
const mostTogether = 500

// written is a fact as its row will have it.
type written struct {
	about
	payload string
	sum     payloadSum
}

// batch is what several calls of Record write in one transaction, since one costs the database about as much as many.
type batch struct {
	calls [][]written
	errs  []error
	done  chan struct{}
}

// Record adds a row for each fact that is not what the ledger says already, all of them or none, and returns when they are kept. Time
// never goes back in the ledger, whatever the machine's clock does.
func (l *Ledger) Record(ctx context.Context, facts ...Fact) error {
	mine := make([]written, 0, len(facts))
	for _, f := range facts {
		payload, err := canonical(f)
		if err != nil {
			return err
		}
		kind, name := f.About()
		mine = append(mine, written{about{kind, name}, payload, sha256.Sum256([]byte(payload))})
	}
	b, at := l.join(mine)
	if at > 0 {
		<-b.done
		return b.errs[at]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave(b)
	defer close(b.done)
	l.writeAll(ctx, b)
	return b.errs[0]
}

// join adds to what is written next. Who comes first, at 0, writes for all.
func (l *Ledger) join(mine []written) (b *batch, at int) {
	l.queue.Lock()
	defer l.queue.Unlock()
	if l.next == nil || len(l.next.calls) == mostTogether {
		l.next = &batch{done: make(chan struct{})}
	}
	b, at = l.next, len(l.next.calls)
	b.calls = append(b.calls, mine)
	b.errs = append(b.errs, errors.New("whoever was to write it did not come to an end"))
	return b, at
}

// leave lets nobody join any more.
func (l *Ledger) leave(b *batch) {
	l.queue.Lock()
	defer l.queue.Unlock()
	if l.next == b {
		l.next = nil
	}
}

// writeAll writes all calls in one transaction. Where the database refuses them, each is tried alone, so that nobody's fact stands in the
// way of another's.
func (l *Ledger) writeAll(ctx context.Context, b *batch) {
	err := l.write(ctx, slices.Concat(b.calls...))
	for i, call := range b.calls {
		b.errs[i] = err
		if refused := new(pgconn.PgError); len(b.calls) > 1 && errors.As(err, &refused) {
			b.errs[i] = l.write(ctx, call)
		}
	}
}

// write adds what is news.
func (l *Ledger) write(ctx context.Context, facts []written) error {
	if !slices.ContainsFunc(facts, func(f written) bool { return l.last[f.about] != f.sum }) {
		return nil
	}
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error { return l.add(ctx, tx, facts) })
	if err != nil {
		// What is remembered may have got ahead of what was kept: it is read anew.
		l.last, l.head = map[about]payloadSum{}, Head{Hash: genesis}
		return fmt.Errorf("adding to the ledger: %w", err)
	}
	return nil
}

func (l *Ledger) add(ctx context.Context, tx pgx.Tx, facts []written) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lock); err != nil {
		return err
	}
	newest, err := l.catchUp(ctx, tx)
	if err != nil {
		return err
	}
	rows := &pgx.Batch{}
	for _, f := range facts {
		if l.last[f.about] == f.sum {
			continue
		}
		at := l.now().UTC().Truncate(time.Microsecond)
		if at.Before(newest) {
			at = newest
		}
		r := Row{Seq: l.head.Seq + 1, At: at, Kind: f.kind, Name: f.name, Payload: f.payload, Previous: l.head.Hash}
		r.Hash = r.sum()
		rows.Queue("INSERT INTO ledger (seq, at, kind, name, payload, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			r.Seq, r.At, string(r.Kind), r.Name, r.Payload, r.Previous, r.Hash)
		newest = at
		l.last[f.about], l.head = f.sum, Head{r.Seq, r.Hash}
	}
	return tx.SendBatch(ctx, rows).Close()
}
