package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bucket is where copies of rows are kept. What is written there once is never written over.
type Bucket interface {
	// List names the objects that begin with the prefix.
	List(ctx context.Context, prefix string) ([]string, error)
	Get(ctx context.Context, name string) ([]byte, error)
	// Create writes an object that is not there yet, and fails where it is.
	Create(ctx context.Context, name string, content []byte) error
}

// Export copies rows into a bucket: newline-delimited JSON in objects that each hold rows of one day, named
// <prefix><day>/<first>-<last>.ndjson. The last row of an object has the hash of all rows before it, so that a database that
// was changed afterwards does not fit the copy.
type Export struct {
	Ledger *Ledger
	Bucket Bucket
	Prefix string
}

// Run copies the rows that have no copy yet, and returns how many it copied.
func (e *Export) Run(ctx context.Context) (int, error) {
	parts, err := e.parts(ctx)
	if err != nil {
		return 0, err
	}
	after := int64(0)
	if len(parts) > 0 {
		after = parts[len(parts)-1].last
	}
	var part []Row
	copied := 0
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		if err := e.write(ctx, part); err != nil {
			return err
		}
		copied += len(part)
		part = nil
		return nil
	}
	err = e.Ledger.Rows(ctx, after, time.Time{}, func(r Row) error {
		if len(part) > 0 && (day(part[0]) != day(r) || len(part) >= 10000) {
			if err := flush(); err != nil {
				return err
			}
		}
		part = append(part, r)
		return nil
	})
	if err != nil {
		return copied, err
	}
	return copied, flush()
}

func (e *Export) write(ctx context.Context, rows []Row) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("writing %s: %w", r, err)
		}
	}
	name := e.Prefix + day(rows[0]) + "/" + fmt.Sprintf(partName, rows[0].Seq, rows[len(rows)-1].Seq)
	if err := e.Bucket.Create(ctx, name, out.Bytes()); err != nil {
		return fmt.Errorf("copying rows %d to %d of the ledger: %w", rows[0].Seq, rows[len(rows)-1].Seq, err)
	}
	return nil
}

// Verify compares the database with the copy, row by row. The error is a *Tampered that names the first row in which they
// differ, or that the copy has and the database has not. Rows without a copy yet are the chain's own to prove.
func (e *Export) Verify(ctx context.Context) (Head, error) {
	parts, err := e.parts(ctx)
	if err != nil {
		return Head{}, err
	}
	copied := make(chan Row)
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		defer close(copied)
		failed <- e.read(stop, parts, copied)
	}()
	chain := NewChain()
	compare := func(r Row) error {
		kept, ok := <-copied
		if ok && kept.Seq == r.Seq && (kept.Hash != r.Hash || kept.sum() != r.sum()) {
			return &Tampered{r.Seq, fmt.Sprintf("is not as it was copied to the object store: %s there, %s in the database", kept, r)}
		}
		return chain.Next(r)
	}
	err = e.Ledger.Rows(ctx, 0, time.Time{}, compare)
	if err == nil {
		if kept, more := <-copied; more {
			err = &Tampered{kept.Seq, fmt.Sprintf("is missing: the object store has %s", kept)}
		}
	}
	cancel()
	if readErr := <-failed; err == nil && readErr != nil {
		err = readErr
	}
	return chain.Head(), err
}

// read sends every row of the copy, in order.
func (e *Export) read(ctx context.Context, parts []part, out chan<- Row) error {
	for _, p := range parts {
		raw, err := e.Bucket.Get(ctx, p.name)
		if err != nil {
			return fmt.Errorf("reading the copy of the ledger: %w", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(raw))
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var r Row
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				return fmt.Errorf("reading the copy of the ledger in %s: %w", p.name, err)
			}
			select {
			case out <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("reading the copy of the ledger in %s: %w", p.name, err)
		}
	}
	return nil
}

// partName is how an object is named, by its first row and its last.
const partName = "%012d-%012d.ndjson"

type part struct {
	name        string
	first, last int64
}

// parts are the objects of the copy, in the order of their rows. A gap between them is an error.
func (e *Export) parts(ctx context.Context) ([]part, error) {
	names, err := e.Bucket.List(ctx, e.Prefix)
	if err != nil {
		return nil, fmt.Errorf("listing the copy of the ledger: %w", err)
	}
	var parts []part
	for _, name := range names {
		p := part{name: name}
		base := name[strings.LastIndex(name, "/")+1:]
		// Read and written again, so that a name that only begins like one is none.
		if _, err := fmt.Sscanf(base, partName, &p.first, &p.last); err != nil || fmt.Sprintf(partName, p.first, p.last) != base {
			return nil, fmt.Errorf("the copy of the ledger has an object that is not its own, %s", name)
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b part) int { return int(a.first - b.first) })
	next := int64(1)
	for _, p := range parts {
		if p.first != next || p.last < p.first {
			return nil, errors.New("the copy of the ledger is not whole: " + fmt.Sprintf("row %d is in no object", next))
		}
		next = p.last + 1
	}
	return parts, nil
}

func day(r Row) string { return r.At.UTC().Format(time.DateOnly) }

// Copied is a ledger that is proved by its copy as well.
type Copied struct {
	*Ledger
	Export *Export
}

// Verify checks the chain and compares it with the copy.
func (c Copied) Verify(ctx context.Context) (Head, error) { return c.Export.Verify(ctx) }
