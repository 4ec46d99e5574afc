package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// genesis is what the first row has in place of the hash before it.
var genesis = strings.Repeat("0", 2*sha256.Size)

// timeFormat is UTC in microseconds, which is what PostgreSQL keeps.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// Row is one link of the chain.
type Row struct {
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Kind Kind      `json:"kind"`
	Name string    `json:"name"`
	// Payload is the fact, in canonical JSON.
	Payload string `json:"payload"`
	// Previous is the hash of the row before, in hexadecimal; Hash is this row's.
	Previous string `json:"previous"`
	Hash     string `json:"hash"`
}

func (r Row) String() string {
	return fmt.Sprintf("row %d (%s %s of %s)", r.Seq, strings.ToLower(string(r.Kind)), r.Name, r.At.UTC().Format(time.RFC3339))
}

// sum is the hash that the row must have. Every part is led by its length, so that nothing can move from one into the next.
func (r Row) sum() string {
	h := sha256.New()
	for _, part := range []string{strconv.FormatInt(r.Seq, 10), r.At.UTC().Format(timeFormat), string(r.Kind), r.Name, r.Payload, r.Previous} {
		_, _ = fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Head is where a chain ends.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Tampered says which row is the first that is not as it was written, and how that shows.
type Tampered struct {
	Seq int64
	Why string
}

func (t *Tampered) Error() string {
	return fmt.Sprintf("the ledger was tampered with: row %d %s", t.Seq, t.Why)
}

// Chain checks rows one after another.
type Chain struct{ head Head }

// NewChain begins at the first row.
func NewChain() *Chain { return &Chain{Head{Hash: genesis}} }

// Head is the last row that was found right.
func (c *Chain) Head() Head { return c.head }

// Next checks the next row.
func (c *Chain) Next(r Row) error {
	switch want := c.head.Seq + 1; {
	case r.Seq != want:
		return &Tampered{want, fmt.Sprintf("is missing: the one after row %d is row %d", c.head.Seq, r.Seq)}
	case r.Hash != r.sum():
		return &Tampered{r.Seq, fmt.Sprintf("does not have the hash of what it says: %s", r)}
	case r.Previous != c.head.Hash:
		return &Tampered{r.Seq, fmt.Sprintf("does not follow the row before it: %s", r)}
	}
	c.head = Head{r.Seq, r.Hash}
	return nil
}
