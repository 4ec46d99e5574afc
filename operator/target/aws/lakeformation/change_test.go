package lakeformation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/lakeformation"
)

// TestWhatStaysIsThereBeforeTheOtherGoes narrows whole tables to some columns: the filter comes first, and the rest goes after it; what
// is only taken away waits for nothing.
func TestWhatStaysIsThereBeforeTheOtherGoes(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	p.sync(t, selecting("orders", start, end), selecting("refunds", start, end))
	narrow := selecting("orders", start, end)
	narrow.Selector.Part.Columns = []string{"id"}
	before := len(p.lf.Log())
	p.sync(t, narrow)
	var order []string
	for _, line := range p.lf.Log()[before:] {
		if strings.Contains(line, " ") {
			order = append(order, strings.Join(strings.Fields(line)[:3], " "))
		}
	}
	if want := []string{"revoke SELECT sales.refunds", "grant SELECT sales.orders", "revoke SELECT sales.orders"}; !slices.Equal(order, want) {
		t.Errorf("the order is %q, want %q", order, want)
	}
}

// TestHalfAppliedChangeIsRetried breaks a change off at each of its writes, in processes that go on and in ones that begin anew, while
// somebody looks at what is handed out all the time.
func TestHalfAppliedChangeIsRetried(t *testing.T) {
	before, after := many(6), many(6)[2:]
	for i := range after {
		after[i].Selector.Part.Columns = []string{"id"}
	}
	after = append(after, selecting("orders", start, start.Add(50*time.Hour)), selecting("t04", start, end.Add(time.Hour)))
	for stop := 1; stop < 100; stop += 3 {
		p := begin(t, iam.Options{}, fake.Options{})
		p.sync(t, before...)
		done := p.watch(t, before, after)
		writes := 0
		count := func(call string) bool {
			if strings.HasPrefix(call, "Get") || strings.HasPrefix(call, "List") || strings.HasPrefix(call, "Batch") {
				return false
			}
			writes++
			return writes > stop
		}
		p.lf.Fail(count)
		p.iam.Fail(count)
		err := p.Sync(context.Background(), target.Access{"ada": after})
		p.lf.Fail(nil)
		p.iam.Fail(nil)
		if stop%2 == 0 {
			p.Grants = p.grants(t)
		}
		p.sync(t, after...)
		done()
		for i, a := range before {
			if got, want := p.sees("ada", a.Selector.Part.Table.Table, "id", nil, start), i >= 2; got != want {
				t.Fatalf("stopped after %d writes: %s is %t", stop, a.Selector.Part.Table, got)
			}
		}
		if p.sees("ada", "t03", "amount", nil, start) {
			t.Fatalf("stopped after %d writes: columns that are granted no more are seen", stop)
		}
		if ghosts, err := p.Ghosts(context.Background(), target.Access{"ada": after}, start); err != nil || len(ghosts) != 0 {
			t.Fatalf("stopped after %d writes: %+v, %v", stop, ghosts, err)
		}
		if err == nil {
			return
		}
	}
	t.Fatal("the change never came to its end")
}

// watch looks at each table, again and again, until it is told to stop: what is granted before and after is there at every moment, and
// what is granted in neither never is. It begins with a first look.
func (p *platform) watch(t *testing.T, before, after []grant.Atom) (stop func()) {
	t.Helper()
	end, ended, begun := make(chan struct{}), make(chan struct{}), make(chan struct{})
	before, after = early(before), early(after)
	look := func(a grant.Atom, column string) bool {
		table := a.Selector.Part.Table.Table
		first, last := shown(before, table, column, nil, a.Window.From), shown(after, table, column, nil, a.Window.From)
		got := p.atOnce(func() bool { return p.sees("ada", table, column, nil, a.Window.From) })
		if got != first && got != last {
			t.Errorf("%s.%s: %t, and it was %t and becomes %t", table, column, got, first, last)
		}
		return got == first || got == last
	}
	go func() {
		defer close(ended)
		good := look(before[0], "id")
		close(begun)
		for good {
			for _, a := range slices.Concat(before, after) {
				select {
				case <-end:
					return
				default:
				}
				if good = look(a, "id") && look(a, "amount"); !good {
					break
				}
			}
		}
	}()
	<-begun
	return func() {
		close(end)
		<-ended
	}
}

// atOnce repeats a look until nothing has changed meanwhile: lease by lease it is of no one moment.
func (p *platform) atOnce(look func() bool) bool {
	for {
		writes := p.iam.Writes() + p.lf.Writes()
		if got := look(); p.iam.Writes()+p.lf.Writes() == writes {
			return got
		}
	}
}
