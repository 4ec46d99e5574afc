package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/pgtest"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	os.Exit(pgtest.Run(m, func(s pgtest.Server) { server = s }, "ledger ledger-owner ledger"))
}

// real is an empty ledger in a real database, with the server it is in.
func real(t *testing.T) (*Ledger, pgtest.Server) {
	t.Helper()
	server.Superuser(t, "ledger", "DROP TABLE IF EXISTS ledger")
	options := func(role string) Options {
		return Options{Host: server.Host, Port: server.Port, Database: "ledger", SSLMode: "disable", Credentials: server.Credentials(role)}
	}
	for range 2 { // as often as one likes
		if err := Migrate(t.Context(), options("ledger-owner"), "ledger"); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, options("ledger")), server
}

func open(t *testing.T, o Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func record(t *testing.T, l *Ledger, facts ...Fact) {
	t.Helper()
	if err := l.Record(t.Context(), facts...); err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, l *Ledger) []Row {
	t.Helper()
	var all []Row
	if err := l.Rows(t.Context(), 0, time.Time{}, func(r Row) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRecordKeepsEachChangeOnce(t *testing.T) {
	l, server := real(t)
	ada := Person{Name: "ada", Groups: []string{"analysts"}}
	record(t, l, ada, Workspace{Name: "fraud", People: []string{"ada"}})
	record(t, l, ada)
	record(t, l, Person{Name: "ada"}, ada)
	// Another program, which remembers nothing.
	other := open(t, Options{Host: server.Host, Port: server.Port, Database: "ledger", SSLMode: "disable", Credentials: server.Credentials("ledger")})
	record(t, other, ada, Person{Name: "bob"})
	record(t, l, Person{Name: "bob"}, Person{Name: "ada", Gone: true})

	var got []string
	for _, r := range rows(t, l) {
		got = append(got, fmt.Sprintf("%d %s %s", r.Seq, r.Kind, r.Payload))
	}
	want := []string{
		`1 Person {"groups":["analysts"],"name":"ada"}`, `2 Workspace {"name":"fraud","people":["ada"]}`, `3 Person {"name":"ada"}`,
		`4 Person {"groups":["analysts"],"name":"ada"}`, `5 Person {"name":"bob"}`, `6 Person {"gone":true,"name":"ada"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if head, err := l.Verify(t.Context()); err != nil || head.Seq != 6 {
		t.Errorf("verified up to row %d: %v", head.Seq, err)
	}
}

func TestWritersTakeTurns(t *testing.T) {
	l, server := real(t)
	const writers, each = 4, 25
	var wg sync.WaitGroup
	failed := make([]error, writers)
	for w := range writers {
		own := open(t, Options{Host: server.Host, Port: server.Port, Database: "ledger", SSLMode: "disable", Credentials: server.Credentials("ledger")})
		wg.Go(func() {
			for i := range each {
				if err := own.Record(t.Context(), Person{Name: fmt.Sprintf("p%d-%d", w, i)}, Person{Name: "shared", Groups: []string{fmt.Sprint(w, i)}}); err != nil {
					failed[w] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	if head, err := l.Verify(t.Context()); err != nil || head.Seq != 2*writers*each {
		t.Errorf("verified %d rows, want %d: %v", head.Seq, 2*writers*each, err)
	}
}

// The writer's own rights, and the database, refuse everything but the next row.
func TestTheWriterCanOnlyAdd(t *testing.T) {
	l, server := real(t)
	record(t, l, Person{Name: "ada"}, Person{Name: "bob"})
	for name, sql := range map[string]string{
		"update":               "UPDATE ledger SET payload = '{}' WHERE seq = 1",
		"delete":               "DELETE FROM ledger WHERE seq = 2",
		"truncate":             "TRUNCATE ledger",
		"drop":                 "DROP TABLE ledger",
		"a trigger less":       "ALTER TABLE ledger DISABLE TRIGGER ledger_keeps",
		"a row out of turn":    "INSERT INTO ledger VALUES (9, now(), 'Person', 'x', '{}', 'p', 'h')",
		"a row beside":         "INSERT INTO ledger VALUES (3, now(), 'Person', 'x', '{}', 'p', 'h')",
		"a row of the past":    "INSERT INTO ledger SELECT 3, at - interval '1 day', kind, name, payload, hash, 'h' FROM ledger WHERE seq = 2",
		"a table of one's own": "CREATE TABLE x (a int)",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := l.pool.Exec(t.Context(), sql); err == nil {
				t.Errorf("the writer may %s", sql)
			}
		})
	}
	owner := open(t, Options{Host: server.Host, Port: server.Port, Database: "ledger", SSLMode: "disable", Credentials: server.Credentials("ledger-owner")})
	for _, sql := range []string{"UPDATE ledger SET payload = '{}'", "DELETE FROM ledger", "TRUNCATE ledger"} {
		if _, err := owner.pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "only added to") {
			t.Errorf("the owner's %s: %v", sql, err)
		}
	}
	if head, err := l.Verify(t.Context()); err != nil || head.Seq != 2 {
		t.Errorf("verified up to row %d: %v", head.Seq, err)
	}
}

// An administrator who switches the triggers off is found out, and the first row that is wrong is named.
func TestVerifyNamesTheFirstTamperedRow(t *testing.T) {
	for name, tc := range map[string]struct {
		sql  string
		seq  int64
		says string
	}{
		"a payload":    {"UPDATE ledger SET payload = replace(payload, 'ada', 'eve') WHERE seq = 3", 3, "does not have the hash"},
		"a time":       {"UPDATE ledger SET at = at + interval '1 microsecond' WHERE seq = 2", 2, "does not have the hash"},
		"a name":       {"UPDATE ledger SET name = 'eve' WHERE seq = 4", 4, "does not have the hash"},
		"a hash":       {"UPDATE ledger SET hash = repeat('a', 64) WHERE seq = 5", 5, "does not have the hash"},
		"a row less":   {"DELETE FROM ledger WHERE seq = 2", 2, "is missing"},
		"two swapped":  {"UPDATE ledger SET seq = 99 WHERE seq = 1; UPDATE ledger SET seq = 1 WHERE seq = 2; UPDATE ledger SET seq = 2 WHERE seq = 99", 1, "does not have the hash"},
		"the first go": {"DELETE FROM ledger WHERE seq = 1", 1, "is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			l, server := real(t)
			for i := range 5 {
				record(t, l, Person{Name: "ada", Groups: []string{fmt.Sprint(i)}})
			}
			server.Superuser(t, "ledger", "ALTER TABLE ledger DISABLE TRIGGER ALL; "+tc.sql)
			_, err := l.Verify(t.Context())
			var tampered *Tampered
			if !errors.As(err, &tampered) || tampered.Seq != tc.seq || !strings.Contains(tampered.Why, tc.says) {
				t.Errorf("error is %v, want one that names row %d and says %q", err, tc.seq, tc.says)
			}
			if _, err := l.Replay(t.Context(), time.Now()); !errors.As(err, &tampered) {
				t.Errorf("questions are answered from tampered rows: %v", err)
			}
		})
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	l, _ := real(t)
	now := time.Date(2027, 1, 2, 3, 4, 5, 678_901_234, time.UTC)
	l.now = func() time.Time { return now }
	record(t, l, Person{Name: "ada"})
	now = now.Add(-time.Hour)
	record(t, l, Person{Name: "bob"})
	all := rows(t, l)
	if want := "2027-01-02T03:04:05.678901Z"; all[0].At.Format(timeFormat) != want || !all[1].At.Equal(all[0].At) {
		t.Errorf("rows are of %s and %s, want %s twice", all[0].At, all[1].At, want)
	}
	if _, err := l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	l, server := real(t)
	record(t, l, Person{Name: "ada"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Record(ctx, Person{Name: "bob"}, Person{Name: "carol"}); err == nil {
		t.Fatal("a write without a database succeeded")
	}
	server.Superuser(t, "ledger", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ledger'`)
	for deadline := time.Now().Add(time.Minute); ; {
		// The first attempt may meet a session that the server has ended.
		if err := l.Record(t.Context(), Person{Name: "bob"}, Person{Name: "carol"}); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if got := len(rows(t, l)); got != 3 {
		t.Errorf("%d rows, want 3", got)
	}
}

func TestOptions(t *testing.T) {
	valid := Options{Host: "h", Port: 5432, Database: "d", SSLMode: "verify-full", Credentials: "/c"}
	for name, tc := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no host":           {func(o *Options) { o.Host = "" }, "needs a host"},
		"no database":       {func(o *Options) { o.Database = "" }, "a database"},
		"no credentials":    {func(o *Options) { o.Credentials = "" }, "username and password"},
		"a mode that falls": {func(o *Options) { o.SSLMode = "prefer" }, "disable, require, verify-ca, verify-full"},
	} {
		t.Run(name, func(t *testing.T) {
			o := valid
			tc.change(&o)
			if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

func window(t *testing.T, from, until string) grant.Window {
	t.Helper()
	parse := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	return grant.Window{From: parse(from), Until: parse(until)}
}
