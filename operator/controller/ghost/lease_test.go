package ghost_test

import (
	"context"
	"errors"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

var now = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// leases answers with one list of ghosts after the other.
type leases struct {
	ghost.Leases
	answers  [][]lease.Ghost
	granted  target.Access
	repaired []string
}

func (l *leases) Name() v1alpha1.GrantTarget { return v1alpha1.TargetLakeFormation }

func (l *leases) Ghosts(_ context.Context, granted target.Access, _ time.Time) ([]lease.Ghost, error) {
	if len(l.answers) == 0 {
		return nil, errors.New("asked once more")
	}
	first := l.answers[0]
	l.answers, l.granted = l.answers[1:], granted
	return first, nil
}

func (l *leases) Repair(_ context.Context, g lease.Ghost, _ target.Access) error {
	l.repaired = append(l.repaired, g.Principal)
	return nil
}

func TestLeasesArePutRightThatAreWrongTwice(t *testing.T) {
	book := target.NewBook()
	book.Put("g", []grant.Atom{{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Read, Selector: grant.Selector{Objects: &grant.Objects{Bucket: "data"}},
		Window: grant.Window{From: now, Until: now.Add(time.Hour)}, Grant: "g",
	}})
	mine := lease.Ghost{Principal: "mine", Slug: "ada", Where: "permission"}
	once := lease.Ghost{Principal: "once", Slug: "ada", Where: "permission"}
	theirs := lease.Ghost{Principal: "theirs", Slug: "ada", Where: "trust", Problem: "others"}
	l := &leases{answers: [][]lease.Ghost{{mine, once, theirs}, {mine, theirs}}}
	w := ghost.NewLeaseWatch(l, book, ghost.Options{Every: time.Minute, Quarantine: ghost.Report, Clock: testclock.NewFakeClock(now)})
	if _, err := w.Ghosts(t.Context()); err == nil {
		t.Error("it answers before it knows what is granted")
	}
	if err := w.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.repaired) != 1 || l.repaired[0] != "mine" {
		t.Errorf("put right are %v", l.repaired)
	}
	if len(l.granted["ada"]) != 1 {
		t.Errorf("granted is %v", l.granted)
	}
	book.SetComplete()
	l.answers = [][]lease.Ghost{{theirs}}
	found, err := w.Ghosts(t.Context())
	if err != nil || len(found) != 1 || found[0].Target != v1alpha1.TargetLakeFormation || found[0].Access[0] != "others" {
		t.Errorf("%+v, %v", found, err)
	}
}

// What a lease is put right to is read and given in one turn: a change of the person's grants in between waits.
func TestLeasesArePutRightInTheirPersonsTurn(t *testing.T) {
	book := target.NewBook()
	mine := lease.Ghost{Principal: "mine", Person: "ada", Slug: "ada", Where: "permission"}
	l := &turned{leases: leases{answers: [][]lease.Ghost{{mine}, {mine}}}, book: book}
	w := ghost.NewLeaseWatch(l, book, ghost.Options{Every: time.Minute, Quarantine: ghost.Report, Clock: testclock.NewFakeClock(now)})
	if err := w.Look(t.Context()); err != nil || len(l.repaired) != 1 {
		t.Errorf("%v; put right are %v", err, l.repaired)
	}
}

// turned fails when somebody else can give what is a person's while their lease is put right.
type turned struct {
	leases
	book *target.Book
}

func (l *turned) Repair(ctx context.Context, g lease.Ghost, access target.Access) error {
	given := make(chan struct{})
	go func() {
		_ = l.book.Give([]string{g.Person}, now, func(target.Access) error { return nil })
		close(given)
	}()
	select {
	case <-given:
		return errors.New("somebody else had a turn meanwhile")
	case <-time.After(100 * time.Millisecond):
		return l.leases.Repair(ctx, g, access)
	}
}
