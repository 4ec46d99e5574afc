package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lock is the number under which writers wait for each other in the database.
const lock = 0x41746f6c6c // "Atoll"

// Ledger adds rows and reads them. It is safe for use by several goroutines, and by several programs at once.
type Ledger struct {
	pool *pgxpool.Pool
	now  func() time.Time

	// queue guards next, what is to be written once the transaction before has ended.
	queue sync.Mutex
	next  *batch
	// mu keeps transactions one after the other, and guards what follows.
	mu sync.Mutex
	// last is the sum of the newest payload about each thing up to the row head: what is said again is not written again.
	last map[about]payloadSum
	head Head
}

type about struct {
	kind Kind
	name string
}

// payloadSum stands for a payload where it is only to be told from others.
type payloadSum [sha256.Size]byte

// Open prepares sessions with the database. It connects to nothing yet.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		var err error
		c.Password, err = o.read("password")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("preparing the ledger at %s: %w", o.where(), err)
	}
	return &Ledger{pool: pool, now: time.Now, last: map[about]payloadSum{}, head: Head{Hash: genesis}}, nil
}

// Close ends the sessions.
func (l *Ledger) Close() { l.pool.Close() }

// catchUp reads what others have added since, and returns the time of the last row.
func (l *Ledger) catchUp(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	var head Head
	var newest time.Time
	err := tx.QueryRow(ctx, "SELECT seq, hash, at FROM ledger ORDER BY seq DESC LIMIT 1").Scan(&head.Seq, &head.Hash, &newest)
	if errors.Is(err, pgx.ErrNoRows) {
		l.last, l.head = map[about]payloadSum{}, Head{Hash: genesis}
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	if head == l.head {
		return newest.UTC(), nil
	}
	if head.Seq <= l.head.Seq {
		// The ledger is shorter than it was, or another: nothing that is remembered holds.
		l.last, l.head = map[about]payloadSum{}, Head{}
	}
	rows, err := tx.Query(ctx, "SELECT DISTINCT ON (kind, name) kind, name, payload FROM ledger WHERE seq > $1 ORDER BY kind, name, seq DESC", l.head.Seq)
	if err != nil {
		return time.Time{}, err
	}
	var kind, name, payload string
	_, err = pgx.ForEachRow(rows, []any{&kind, &name, &payload}, func() error {
		l.last[about{Kind(kind), name}] = sha256.Sum256([]byte(payload))
		return nil
	})
	l.head = head
	return newest.UTC(), err
}

// Rows calls do for every row after the given one, in order, up to a time where until is one.
func (l *Ledger) Rows(ctx context.Context, after int64, until time.Time, do func(Row) error) error {
	query, args := "SELECT seq, at, kind, name, payload, previous, hash FROM ledger WHERE seq > $1 ORDER BY seq", []any{after}
	if !until.IsZero() {
		query = "SELECT seq, at, kind, name, payload, previous, hash FROM ledger WHERE seq > $1 AND at <= $2 ORDER BY seq"
		args = append(args, until)
	}
	rows, err := l.pool.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	var r Row
	var kind string
	if _, err = pgx.ForEachRow(rows, []any{&r.Seq, &r.At, &kind, &r.Name, &r.Payload, &r.Previous, &r.Hash}, func() error {
		r.Kind, r.At = Kind(kind), r.At.UTC()
		return do(r)
	}); err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	return nil
}

// Verify checks the whole chain. The error is a *Tampered where a row is not as it was written.
func (l *Ledger) Verify(ctx context.Context) (Head, error) {
	chain := NewChain()
	err := l.Rows(ctx, 0, time.Time{}, chain.Next)
	return chain.Head(), err
}
