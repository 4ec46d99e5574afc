package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// memory is a bucket that keeps what it is given.
type memory map[string][]byte

func (m memory) List(_ context.Context, prefix string) ([]string, error) {
	var names []string
	for name := range m {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (m memory) Get(_ context.Context, name string) ([]byte, error) { return m[name], nil }

func (m memory) Create(_ context.Context, name string, content []byte) error {
	if _, there := m[name]; there {
		return fmt.Errorf("%s is there", name)
	}
	m[name] = content
	return nil
}

func exported(t *testing.T) (*Export, memory, func(string)) {
	t.Helper()
	l, server := real(t)
	clock := time.Date(2027, 3, 1, 23, 59, 58, 0, time.UTC)
	l.now = func() time.Time { return clock }
	bucket := memory{}
	e := &Export{Ledger: l, Bucket: bucket, Prefix: "ledger/"}
	for i := range 4 {
		record(t, l, Person{Name: "ada", Groups: []string{fmt.Sprint(i)}})
		clock = clock.Add(time.Second)
	}
	if n, err := e.Run(t.Context()); err != nil || n != 4 {
		t.Fatalf("copied %d rows: %v", n, err)
	}
	record(t, l, Person{Name: "bob"})
	if n, err := e.Run(t.Context()); err != nil || n != 1 {
		t.Fatalf("copied %d rows: %v", n, err)
	}
	return e, bucket, func(sql string) { server.Superuser(t, "ledger", "ALTER TABLE ledger DISABLE TRIGGER ALL; "+sql) }
}

func TestExportByDay(t *testing.T) {
	e, bucket, _ := exported(t)
	if n, err := e.Run(t.Context()); err != nil || n != 0 {
		t.Errorf("copied %d rows again: %v", n, err)
	}
	names, _ := bucket.List(t.Context(), "")
	want := []string{
		"ledger/2027-03-01/000000000001-000000000002.ndjson", "ledger/2027-03-02/000000000003-000000000004.ndjson",
		"ledger/2027-03-02/000000000005-000000000005.ndjson",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if head, err := e.Verify(t.Context()); err != nil || head.Seq != 5 {
		t.Errorf("verified up to row %d: %v", head.Seq, err)
	}
}

// Who rewrites the database and makes all its hashes anew is found out by the copy.
func TestVerifyAgainstTheCopy(t *testing.T) {
	for name, tc := range map[string]struct {
		tamper func(*testing.T, *Export, func(string))
		seq    int64
		says   string
	}{
		"the end cut off": {func(_ *testing.T, _ *Export, sql func(string)) { sql("DELETE FROM ledger WHERE seq > 3") }, 4, "is missing: the object store has row 4"},
		"all gone":        {func(_ *testing.T, _ *Export, sql func(string)) { sql("DELETE FROM ledger") }, 1, "is missing"},
		"hashes made anew": {func(t *testing.T, e *Export, sql func(string)) {
			all := rows(t, e.Ledger)
			for i := 1; i < len(all); i++ {
				if i == 1 {
					all[i].Payload = `{"name":"eve"}`
				}
				all[i].Previous = all[i-1].Hash
				all[i].Hash = all[i].sum()
				sql(fmt.Sprintf("UPDATE ledger SET payload = '%s', previous = '%s', hash = '%s' WHERE seq = %d", all[i].Payload, all[i].Previous, all[i].Hash, all[i].Seq))
			}
			if _, err := e.Ledger.Verify(t.Context()); err != nil {
				t.Fatalf("the chain alone finds it out: %v", err)
			}
		}, 2, "is not as it was copied"},
	} {
		t.Run(name, func(t *testing.T) {
			e, _, sql := exported(t)
			tc.tamper(t, e, sql)
			_, err := e.Verify(t.Context())
			var tampered *Tampered
			if !errors.As(err, &tampered) || tampered.Seq != tc.seq || !strings.Contains(tampered.Why, tc.says) {
				t.Errorf("error is %v, want one that names row %d and says %q", err, tc.seq, tc.says)
			}
		})
	}
}

func TestACopyWithAGapIsFoundOut(t *testing.T) {
	e, bucket, _ := exported(t)
	delete(bucket, "ledger/2027-03-02/000000000003-000000000004.ndjson")
	if _, err := e.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "row 3 is in no object") {
		t.Errorf("error is %v", err)
	}
}
