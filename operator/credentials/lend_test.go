package credentials_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const borrower = "atoll-person-ada"

var lake = &grant.Objects{Bucket: "lake", Prefix: "sales/"}

// lender is one for ada, who may read the sales for half an hour and something else for a day.
func lender(t *testing.T) (*world, *credentials.Lender) {
	t.Helper()
	w := newWorld(t)
	start := w.clock.Now().UTC()
	atom := func(prefix string, life time.Duration) grant.Atom {
		return grant.Atom{
			Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Read, Grant: prefix,
			Selector: grant.Selector{Objects: &grant.Objects{Bucket: "lake", Prefix: prefix}},
			Window:   grant.Window{From: start, Until: start.Add(life)},
		}
	}
	policy, err := objectstore.Compile([]grant.Atom{atom("sales/eu/", 30*time.Minute), atom("salaries/", 24*time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.SetPolicy(t.Context(), borrower, policy); err != nil {
		t.Fatal(err)
	}
	w.forget(borrower)
	return w, &credentials.Lender{Lease: credentials.PolicyLease{Accounts: w.store}, Keys: w.keys, Clock: w.clock}
}

func (w *world) live(account string) []string {
	w.t.Helper()
	ids, err := w.store.KeyIDs(w.t.Context(), account)
	if err != nil {
		w.t.Fatal(err)
	}
	return ids
}

func lend(t *testing.T, l *credentials.Lender, where *grant.Objects) credentials.Loan {
	t.Helper()
	loan, err := l.Lend(t.Context(), borrower, where, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return loan
}

func takeBack(t *testing.T, l *credentials.Lender, id string) bool {
	t.Helper()
	gone, err := l.TakeBack(t.Context(), borrower, id)
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func TestALoanEndsWithTheGrantsOfWhatItIsFor(t *testing.T) {
	w, l := lender(t)
	now := w.clock.Now().UTC()
	for name, tt := range map[string]struct {
		where *grant.Objects
		life  time.Duration
		want  time.Duration
	}{
		"of a dataset":             {lake, time.Hour, 30 * time.Minute},
		"of all":                   {nil, time.Hour, 30 * time.Minute},
		"of a dataset with longer": {&grant.Objects{Bucket: "lake", Prefix: "salaries/2027/"}, time.Hour, time.Hour},
		"for less":                 {lake, 5 * time.Minute, 5 * time.Minute},
	} {
		if loan, err := l.Lend(t.Context(), borrower, tt.where, tt.life); err != nil || !loan.Until.Equal(now.Add(tt.want)) {
			t.Errorf("%s it lasts until %s, %v; want %s", name, loan.Until, err, now.Add(tt.want))
		}
	}
	for name, where := range map[string]*grant.Objects{
		"of another bucket": {Bucket: "lake2", Prefix: "sales/"}, "of another prefix": {Bucket: "lake", Prefix: "sale/"},
	} {
		if loan, err := l.Lend(t.Context(), borrower, where, time.Hour); !errors.Is(err, credentials.ErrNothingGranted) {
			t.Errorf("%s: %+v, %v", name, loan, err)
		}
	}
	w.clock.Step(30 * time.Minute)
	if loan, err := l.Lend(t.Context(), borrower, lake, time.Hour); !errors.Is(err, credentials.ErrNothingGranted) {
		t.Errorf("at its end: %+v, %v", loan, err)
	}
}

func TestAKeyThatIsGivenBackIsGone(t *testing.T) {
	w, l := lender(t)
	loan := lend(t, l, nil)
	if live := w.live(borrower); !slices.Equal(live, []string{loan.ID}) {
		t.Fatalf("lent was %s, and the account has %v", loan.ID, live)
	}
	// Twice, as after a crash.
	for range 2 {
		if !takeBack(t, l, loan.ID) || len(w.live(borrower)) > 0 {
			t.Errorf("the account has %v", w.live(borrower))
		}
	}
	if until, err := l.Extend(t.Context(), borrower, loan.ID, nil, time.Hour); !errors.Is(err, credentials.ErrKeyGone) {
		t.Errorf("a key that is gone is lent until %s, %v", until, err)
	}
}

func TestAKeyThatAPodHasStays(t *testing.T) {
	w, l := lender(t)
	loan := lend(t, l, nil)
	pod, err := w.keys.Current(t.Context(), borrower)
	if err != nil || pod.ID != loan.ID {
		t.Fatalf("the pod got %s, %v", pod.ID, err)
	}
	if takeBack(t, l, loan.ID) || !slices.Contains(w.live(borrower), loan.ID) {
		t.Error("a key was taken from under a pod")
	}
	// The next one is lent alone, and that one goes; the pod's stays until its own end.
	w.clock.Step(time.Hour + time.Second)
	next := lend(t, l, &grant.Objects{Bucket: "lake", Prefix: "salaries/"})
	if next.ID == loan.ID || !takeBack(t, l, next.ID) {
		t.Errorf("after an hour it is %s", next.ID)
	}
	if live := w.live(borrower); !slices.Equal(live, []string{loan.ID}) {
		t.Errorf("the account has %v, and a pod has %s", live, loan.ID)
	}
	if err := w.keys.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pod, err = w.keys.Current(t.Context(), borrower); err != nil || pod.ID == loan.ID {
		t.Errorf("the pod is given %s, %v", pod.ID, err)
	}
	if live := w.live(borrower); len(live) != 2 || !slices.Contains(live, loan.ID) {
		t.Errorf("the account has %v, and a pod still has %s", live, loan.ID)
	}
}

// TestKeysOfPodsAreNotLentAlone has a pod ask first: such keys are also those that an operator kept before it lent any.
func TestKeysOfPodsAreNotLentAlone(t *testing.T) {
	w, l := lender(t)
	pod, err := w.keys.Current(t.Context(), borrower)
	if err != nil {
		t.Fatal(err)
	}
	if loan := lend(t, l, nil); loan.ID != pod.ID || takeBack(t, l, loan.ID) {
		t.Errorf("lent was %s, the pod's is %s", loan.ID, pod.ID)
	}
	if live := w.live(borrower); !slices.Equal(live, []string{pod.ID}) {
		t.Errorf("the account has %v", live)
	}
}

func TestALoanIsMadeLonger(t *testing.T) {
	w, l := lender(t)
	salaries := &grant.Objects{Bucket: "lake", Prefix: "salaries/"}
	loan, made := lend(t, l, salaries), w.clock.Now().UTC()
	for _, tt := range []struct{ after, until time.Duration }{{30 * time.Minute, 90 * time.Minute}, {90 * time.Minute, 2 * time.Hour}} {
		w.clock.SetTime(made.Add(tt.after))
		if until, err := l.Extend(t.Context(), borrower, loan.ID, salaries, time.Hour); err != nil || !until.Equal(made.Add(tt.until)) {
			t.Errorf("after %s it lasts until %s, %v", tt.after, until, err)
		}
	}
	if until, err := l.Extend(t.Context(), borrower, loan.ID, lake, time.Hour); !errors.Is(err, credentials.ErrNothingGranted) {
		t.Errorf("of what has ended it lasts until %s, %v", until, err)
	}
	w.clock.SetTime(made.Add(2 * time.Hour))
	if until, err := l.Extend(t.Context(), borrower, loan.ID, salaries, time.Hour); !errors.Is(err, credentials.ErrKeyGone) {
		t.Errorf("of two hours it lasts until %s, %v", until, err)
	}
}
