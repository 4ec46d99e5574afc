package accessgrants_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/s3control"
)

func TestWhatStaysIsThereBeforeTheOtherGoes(t *testing.T) {
	p := begin(t, iam.Options{}, fake.Options{})
	p.sync(t, append(reading("a/", start, end), reading("b/", start, end)...)...)
	before := len(p.s3.Log())
	p.sync(t, reading("a/b/", start, end)...)
	var order []string
	for _, line := range p.s3.Log()[before:] {
		order = append(order, strings.Join(strings.Fields(line)[:3], " "))
	}
	if want := []string{"delete READ s3://data/b/*", "create READ s3://data/a/b/*", "delete READ s3://data/a/*"}; !slices.Equal(order, want) {
		t.Errorf("the order is %q, want %q", order, want)
	}
}

// TestHalfAppliedChangeIsRetried breaks a change off at each of its writes, in processes that go on and in ones that begin anew, while
// somebody looks at what is handed out all the time.
func TestHalfAppliedChangeIsRetried(t *testing.T) {
	before := many(6)
	after := slices.Concat(many(6)[8:], reading("00/sub/", start, end), reading("", start, start.Add(50*time.Hour)))
	for stop := 1; stop < 100; stop += 3 {
		p := begin(t, iam.Options{}, fake.Options{})
		p.sync(t, before...)
		done := p.watch(t, before, after)
		writes := 0
		count := func(call string) bool {
			if strings.HasPrefix(call, "Get") || strings.HasPrefix(call, "List") {
				return false
			}
			writes++
			return writes > stop
		}
		p.s3.Fail(count)
		p.iam.Fail(count)
		err := p.Sync(context.Background(), target.Access{"ada": after})
		p.s3.Fail(nil)
		p.iam.Fail(nil)
		if stop%2 == 0 {
			p.Grants = p.grants(t)
		}
		p.sync(t, after...)
		done()
		late := start.Add(60 * time.Hour)
		for key, want := range map[string]bool{"00/x": false, "00/sub/x": true, "03/x": false, "04/x": true, "05/x": true} {
			if got := p.may("ada", grant.Read, "data", key, late); got != want {
				t.Fatalf("stopped after %d writes: %s is %t", stop, key, got)
			}
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

// watch looks at each prefix, again and again, until it is told to stop: what is granted before and after is there at every moment, and
// what is granted in neither never is. It begins with a first look.
func (p *platform) watch(t *testing.T, before, after []grant.Atom) (stop func()) {
	t.Helper()
	end, ended, begun := make(chan struct{}), make(chan struct{}), make(chan struct{})
	before, after = early(before), early(after)
	look := func(a grant.Atom) bool {
		key := a.Selector.Objects.Prefix + "x"
		first, last := allowed(before, a.Action, "data", key, a.Window.From), allowed(after, a.Action, "data", key, a.Window.From)
		got := p.atOnce(func() bool { return p.may("ada", a.Action, "data", key, a.Window.From) })
		if got != first && got != last {
			t.Errorf("%s: %t, and it was %t and becomes %t", key, got, first, last)
		}
		return got == first || got == last
	}
	go func() {
		defer close(ended)
		good := look(before[0])
		close(begun)
		for good {
			for _, a := range slices.Concat(before, after) {
				select {
				case <-end:
					return
				default:
				}
				if good = look(a); !good {
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
		writes := p.iam.Writes() + p.s3.Writes()
		if got := look(); p.iam.Writes()+p.s3.Writes() == writes {
			return got
		}
	}
}
