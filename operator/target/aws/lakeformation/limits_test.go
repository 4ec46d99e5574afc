package lakeformation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/lakeformation"
)

// many are whole tables in one window.
func many(n int) (atoms []grant.Atom) {
	for i := range n {
		atoms = append(atoms, selecting(fmt.Sprintf("t%02d", i), start, end))
	}
	return atoms
}

func TestBatchesOfTwentyAndEntriesThatFailForAMoment(t *testing.T) {
	p := begin(t, iam.Options{Lag: 20 * time.Millisecond}, fake.Options{Collide: 3})
	p.sync(t, many(45)...)
	for _, a := range many(45) {
		if !p.sees("ada", a.Selector.Part.Table.Table, "id", nil, start) {
			t.Fatalf("%s is not there", a.Selector.Part.Table)
		}
	}
	log := p.lf.Log()
	done := map[string]int{}
	for _, line := range log {
		done[line]++
	}
	for line, n := range done {
		if strings.HasPrefix(line, "grant ") && n != 1 {
			t.Errorf("%s was done %d times", line, n)
		}
	}
	if n := done["BatchGrantPermissions"]; n < 4 {
		t.Errorf("%d batches, and entries of them failed for a moment", n)
	}
}

func TestThrottling(t *testing.T) {
	p := begin(t, iam.Options{Throttle: 2}, fake.Options{Throttle: 2})
	p.sync(t, many(45)...)
	if p.lf.Throttled() == 0 || p.iam.Throttled() == 0 {
		t.Error("nothing was throttled")
	}
	if !p.sees("ada", "t44", "id", nil, start) {
		t.Error("it is not there")
	}
}

// filtered are parts of one table, each with a filter of its own.
func filtered(n int) (atoms []grant.Atom) {
	for i := range n {
		a := selecting("orders", start, end)
		a.Selector.Part.Rows = grant.Rows{{Column: "region", Values: []string{fmt.Sprintf("r%03d", i)}}}
		atoms = append(atoms, a)
	}
	return atoms
}

// windows are grants with so many windows that have nothing in common.
func windows(n int) (atoms []grant.Atom) {
	for i := range n {
		from := start.Add(time.Duration(i) * 3 * time.Hour)
		atoms = append(atoms, selecting("orders", from, from.Add(2*time.Hour)))
	}
	return atoms
}

func TestAtTheLimitsAndOneOver(t *testing.T) {
	for what, set := range map[string]func(int) []grant.Atom{"filters of one table": filtered, "leases of one person": windows} {
		t.Run(what, func(t *testing.T) {
			n := map[string]int{"filters of one table": 100, "leases of one person": lease.Limit}[what]
			p := begin(t, iam.Options{}, fake.Options{})
			p.sync(t, set(n)...)
			last := set(n)[n-1]
			row := fake.Row{"region": fmt.Sprintf("r%03d", n-1)}
			if !p.sees("ada", "orders", "id", row, last.Window.From) {
				t.Error("the last one is not there")
			}
			before := len(p.lf.Log())
			over := target.Access{"ada": set(n + 1)}
			err := p.Fits(over)
			if err == nil || !strings.Contains(err.Error(), "ada") || !strings.Contains(err.Error(), fmt.Sprint(n)) {
				t.Errorf("one over: %v", err)
			}
			if err := p.Sync(context.Background(), over); err == nil {
				t.Error("one over was written")
			}
			if after := p.lf.Log(); len(after) != before {
				t.Errorf("what does not fit was begun: %v", after[before:])
			}
		})
	}
}

func TestWhatCannotBeSaid(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	for want, change := range map[string]func(*grant.Atom){
		"masks no columns":   func(a *grant.Atom) { a.Selector.Part.Masks = map[string]grant.Mask{"id": grant.Hash} },
		"no word for Update": func(a *grant.Atom) { a.Action = grant.Update },
		"narrows what is read": func(a *grant.Atom) {
			a.Action, a.Selector.Part.Columns = grant.Delete, []string{"id"}
		},
		"no longer than":   func(a *grant.Atom) { a.Window.Until = a.Window.From.Add(time.Hour) },
		"whole seconds":    func(a *grant.Atom) { a.Window.Until = a.Window.Until.Add(time.Millisecond) },
		"has no form":      func(a *grant.Atom) { a.Window.From = time.Time{} },
		"as something els": func(a *grant.Atom) { a.Selector.Part.Rows = grant.Rows{{Column: "region", Values: []string{"a\nb"}}} },
	} {
		a := selecting("orders", start, end)
		change(&a)
		if err := p.Fits(target.Access{"ada": {a}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	var large *lease.TooManyError
	if err := p.Fits(target.Access{"ada": windows(lease.Limit + 1)}); !errors.As(err, &large) || large.Need != lease.Limit+1 {
		t.Errorf("too many: %v", err)
	}
}
