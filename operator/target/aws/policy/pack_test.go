package policy_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

var language = policy.Language{Partition: "aws"}

// piece that reads below a prefix in October.
func piece(prefix string) policy.Piece {
	return policy.Piece{From: "2026-10-01T00:00:00Z", Until: "2026-11-01T00:00:00Z", Actions: "s3:GetObject", Bucket: "data", Prefix: prefix}
}

// filling are pieces whose one document has exactly so many characters.
func filling(t *testing.T, slot, characters int) []policy.Piece {
	t.Helper()
	name := func(i, length int) string {
		start := fmt.Sprintf("%d-%d-", slot, i)
		return start + strings.Repeat("x", length-len(start)-1) + "/"
	}
	pieces := []policy.Piece{piece(name(0, 100))}
	for i := 1; ; i++ {
		left := characters - len(language.Document(pieces))
		if left < 1000 {
			pieces = append(pieces, piece(name(i, left-len(`,"arn:aws:s3:::data/*"`))))
			break
		}
		pieces = append(pieces, piece(name(i, 500)))
	}
	if got := len(language.Document(pieces)); got != characters {
		t.Fatalf("%d characters, want %d", got, characters)
	}
	return pieces
}

func sizes(l policy.Layout) (all []int) {
	for _, pieces := range l {
		all = append(all, len(language.Document(pieces)))
	}
	return all
}

func TestPackingAtTheLimitAndOneOver(t *testing.T) {
	const taken = 240
	full := filling(t, 0, policy.InlineLimit-taken)
	layout, err := language.Pack(full, taken)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, sizes(layout)); diff != "" {
		t.Errorf("at the limit of inline policies: %s", diff)
	}
	last := len(full) - 1
	over := slices.Clone(full)
	over[last].Prefix = "x" + over[last].Prefix
	layout, err = language.Pack(over, taken)
	if err != nil {
		t.Fatal(err)
	}
	if got := sizes(layout); got[0] >= 10000 || got[1] == 0 {
		t.Errorf("one over the limit of inline policies: %v", got)
	}
	for slot := 1; slot < policy.Slots-1; slot++ {
		full = append(full, filling(t, slot, policy.ManagedLimit)...)
	}
	layout, err = language.Pack(full, taken)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{10000, 6144, 6144, 6144, 6144, 6144, 6144, 6144, 6144, 6144, 0}, sizes(layout)); diff != "" {
		t.Errorf("at the limit: %s", diff)
	}
	last = len(full) - 1
	full[last].Prefix = "x" + full[last].Prefix
	_, err = language.Pack(full, taken)
	var large *policy.TooLargeError
	if !errors.As(err, &large) {
		t.Fatalf("one over the limit: %v", err)
	}
	for _, part := range []string{"10240", "6144", "10 managed", "65296", fmt.Sprint(len(full)), "end some"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %s", err, part)
		}
	}
}

func TestOneMoreGrantMovesNoOther(t *testing.T) {
	var pieces []policy.Piece
	for i := range 400 {
		p := piece(fmt.Sprintf("folder-%03d/", i))
		p.Until = fmt.Sprintf("2026-11-%02dT00:00:00Z", 1+i%28)
		pieces = append(pieces, p)
	}
	layout, err := language.Pack(pieces, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		one := piece(fmt.Sprintf("a-new-folder-%d/", i))
		one.Until = fmt.Sprintf("2026-12-%02dT00:00:00Z", 1+i)
		pieces = append(pieces, one)
		steps, err := language.Change(policy.Live{Layout: layout}, pieces, 0)
		if err != nil || len(steps) != 1 {
			t.Fatalf("one more grant is %d steps, %v", len(steps), err)
		}
		after := layout
		after[steps[0].Slot] = steps[0].Pieces
		for slot, before := range layout {
			for _, p := range before {
				if !slices.Contains(after[slot], p) {
					t.Fatalf("%v was moved", p)
				}
			}
		}
		layout = after
	}
	steps, err := language.Change(policy.Live{Layout: layout}, pieces, 0)
	if err != nil || len(steps) != 0 {
		t.Errorf("nothing new is %v, %v", steps, err)
	}
}

// point is something that somebody might do.
type point struct {
	action, bucket, prefix string
	at                     int
}

func instant(i int) string { return "2026-10-01T00:00:0" + string(rune('0'+i)) + "Z" }

// world is every point there is.
var world = func() (all []point) {
	for _, action := range []string{"s3:GetObject", "s3:DeleteObject", "s3:ListBucket"} {
		for _, bucket := range []string{"data", "other"} {
			for _, prefix := range []string{"", "a/", "a/b/", "c/"} {
				for at := range 10 {
					all = append(all, point{action, bucket, prefix, at})
				}
			}
		}
	}
	return all
}()

// allowed says of each point of the world whether the pieces allow it.
func allowed(pieces []policy.Piece) (all [240]bool) {
	for _, p := range pieces {
		for i, w := range world {
			at := instant(w.at)
			all[i] = all[i] || strings.Contains(p.Actions, w.action) && p.Bucket == w.bucket && strings.HasPrefix(w.prefix, p.Prefix) &&
				p.From <= at && at < p.Until
		}
	}
	return all
}

func union(l policy.Layout) []policy.Piece { return slices.Concat(l[:]...) }

// some are random pieces of a small world, so that they often share something.
func some(r *rand.Rand) []policy.Piece {
	seen := map[policy.Piece]bool{}
	var pieces []policy.Piece
	for range r.IntN(8) {
		from := r.IntN(9)
		p := policy.Piece{
			From: instant(from), Until: instant(from + 1 + r.IntN(9-from)), Bucket: []string{"data", "other"}[r.IntN(2)],
			Actions: []string{"s3:GetObject", "s3:DeleteObject,s3:GetObject", "s3:ListBucket"}[r.IntN(3)],
			Prefix:  []string{"", "a/", "a/b/", "c/"}[r.IntN(4)],
		}
		if !seen[p] {
			seen[p] = true
			pieces = append(pieces, p)
		}
	}
	return pieces
}

// scattered lays pieces out anyhow, some of them twice.
func scattered(r *rand.Rand, pieces []policy.Piece) policy.Live {
	var live policy.Live
	for _, p := range pieces {
		for range 1 + r.IntN(2) {
			slot := r.IntN(policy.Slots)
			if !slices.Contains(live.Layout[slot], p) {
				live.Layout[slot] = append(live.Layout[slot], p)
			}
		}
	}
	return live
}

// TestNoGapAndNoWidening follows changes step by step, lets some stop half-way with the last write in doubt, and goes on to something
// else from there.
func TestNoGapAndNoWidening(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	// The inline policy has room for a statement or two only.
	for range 3000 {
		before := some(r)
		live := scattered(r, before)
		truth := live.Layout
		for range 3 {
			want := some(r)
			may := allowed(slices.Concat(union(truth), want))
			must, now := allowed(want), allowed(union(truth))
			for i := range world {
				must[i] = must[i] && now[i]
			}
			steps, err := language.Change(live, want, policy.InlineLimit-r.IntN(700))
			if err != nil {
				t.Fatal(err)
			}
			stop := len(steps)
			if r.IntN(2) == 0 && stop > 0 {
				stop = r.IntN(stop)
			}
			for i, step := range steps[:min(stop+1, len(steps))] {
				old := truth[step.Slot]
				unknown := i == stop
				if !unknown || r.IntN(2) == 0 {
					truth[step.Slot] = step.Pieces
				}
				live.Layout[step.Slot], live.Doubtful[step.Slot] = step.Pieces, unknown
				if unknown {
					live.Layout[step.Slot] = slices.Concat(old, step.Pieces)
				}
				now := allowed(union(truth))
				for at, p := range world {
					if now[at] && !may[at] {
						t.Fatalf("step %d of %v widens to %v: from %v to %v", i, steps, p, before, want)
					}
					if must[at] && !now[at] {
						t.Fatalf("step %d of %v opens a gap at %v: from %v to %v", i, steps, p, before, want)
					}
				}
			}
			if stop == len(steps) {
				if diff := cmp.Diff(allowed(want), allowed(union(truth))); diff != "" {
					t.Fatalf("the end is not what is wanted: %s", diff)
				}
			}
			before = want
		}
	}
}

func TestFullPoliciesChangeInPlace(t *testing.T) {
	layout := policy.Layout{}
	layout[0] = filling(t, 0, policy.InlineLimit)
	for slot := 1; slot < policy.Slots; slot++ {
		layout[slot] = filling(t, slot, policy.ManagedLimit)
	}
	one := layout[3][2]
	layout[3] = slices.Delete(layout[3], 2, 3)
	longer := one
	one.Until, longer.Until = "2026-12-01T00:00:00Z", "2026-12-31T00:00:00Z"
	layout[3] = append(layout[3][:1], one) // A window of its own takes the room of several prefixes.
	rest := slices.Concat(layout[:]...)
	want := slices.Concat(rest, []policy.Piece{longer})
	want = slices.DeleteFunc(want, func(p policy.Piece) bool { return p == one })
	pad := policy.ManagedLimit - len(language.Document(layout[3]))
	filler := piece("3-z" + strings.Repeat("z", pad-len(`,"arn:aws:s3:::data/3-z/*"`)) + "/")
	layout[3], want = append(layout[3], filler), append(want, filler)
	steps, err := language.Change(policy.Live{Layout: layout}, want, 0)
	if err != nil || len(steps) != 1 || steps[0].Slot != 3 {
		t.Fatalf("a longer window is %d steps, %v; want one write of its policy", len(steps), err)
	}
	wider := piece("")
	want = append(slices.Clone(want), wider)
	if _, err := language.Change(policy.Live{Layout: layout}, want, 0); !errors.Is(err, policy.ErrNoRoomToChange) {
		t.Errorf("what finds no room: %v", err)
	}
}

func TestDocumentsAreReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		pieces := some(r)
		text := language.Document(pieces)
		got, ours := language.Pieces(text)
		if !ours || language.Document(got) != text || cmp.Diff(allowed(pieces), allowed(got)) != "" {
			t.Fatalf("%v is read back from %s as %v", pieces, text, got)
		}
	}
	for _, other := range []string{
		`{`, `{"Version":"2012-10-17","Statement":[]}`, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"]}]}`,
		strings.Replace(language.Document([]policy.Piece{piece("a/")}), `"aws:CurrentTime"`, `"aws:SourceIp"`, 1),
		strings.Replace(language.Document([]policy.Piece{piece("a/")}), "Allow", "Deny", 1),
	} {
		if _, ours := language.Pieces(other); ours {
			t.Errorf("%s is taken for ours", other)
		}
	}
}
