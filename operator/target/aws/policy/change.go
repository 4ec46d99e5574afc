package policy

import (
	"errors"
	"slices"
)

// ErrNoRoomToChange says that the policies are so full that no order of changes keeps what stays.
var ErrNoRoomToChange = errors.New("the policies of the role have room for what is granted, but not while it changes: " +
	"revoke a grant, and give it again after the change")

// Step is a policy that is written, in one go, with all of its pieces; none take it away.
type Step struct {
	Slot   int
	Pieces []Piece
}

// Live is what is known of a role's policies.
type Live struct {
	Layout Layout
	// Doubtful are the slots of which it is not known what they have: since a write failed, or since somebody else wrote them. Their
	// layout is what they may have.
	Doubtful [Slots]bool
}

// Change lists the steps from what is live to exactly the pieces wanted. What stays is not moved. After each step, what
// was allowed before and is still wanted is allowed, and nothing is that neither was allowed nor is wanted: a piece goes only
// once everything wanted that it shares something with is there.
func (l Language) Change(live Live, want []Piece, taken int) ([]Step, error) {
	c := change{slots: l.slots(taken), want: want, wanted: map[Piece]bool{}, doubtful: live.Doubtful}
	for _, p := range want {
		c.wanted[p] = true
	}
	for i, pieces := range live.Layout {
		for _, p := range pieces {
			if !c.slots[i].has(p) && (!c.doubtful[i] || c.wanted[p] && c.slots[i].fits(p) && !c.several()) {
				c.slots[i].add(p)
			}
		}
	}
	var steps []Step
	for {
		before := c.documents(l)
		c.round()
		var written []Step
		for i, after := range c.documents(l) {
			if after != before[i] || c.doubtful[i] {
				written = append(written, Step{Slot: i, Pieces: slices.Clone(c.slots[i].pieces)})
			}
		}
		if len(written) == 0 {
			break
		}
		// What only takes away comes first: a revocation waits for nothing. What is not known is written over when all else is there.
		slices.SortStableFunc(written, func(a, b Step) int { return c.order(a, before) - c.order(b, before) })
		c.doubtful = [Slots]bool{}
		steps = append(steps, written...)
	}
	if !c.done() {
		return nil, ErrNoRoomToChange
	}
	return steps, nil
}

type change struct {
	slots    []*slot
	want     []Piece
	wanted   map[Piece]bool
	doubtful [Slots]bool
	// there are the pieces that were live when the round began.
	there map[Piece]bool
}

func (c *change) order(s Step, before [Slots]string) int {
	switch {
	case c.doubtful[s.Slot]:
		return 2
	case c.slots[s.Slot].size < len(before[s.Slot]):
		return 0
	}
	return 1
}

// several says whether more than one slot is doubtful. Then none of them may be relied on until all else is there.
func (c *change) several() bool {
	n := 0
	for _, doubtful := range c.doubtful {
		if doubtful {
			n++
		}
	}
	return n > 1
}

// open are the slots that may be added to.
func (c *change) open() []*slot {
	if !c.several() {
		return c.slots
	}
	var open []*slot
	for i, s := range c.slots {
		if !c.doubtful[i] {
			open = append(open, s)
		}
	}
	return open
}

func (c *change) documents(l Language) (all [Slots]string) {
	for i, s := range c.slots {
		all[i] = l.Document(s.pieces)
	}
	return all
}

// round takes away what can go, and then adds what finds room. All of it may be written in any order.
func (c *change) round() {
	c.there = map[Piece]bool{}
	// first is where a piece stays: rather where it is known to be.
	first := map[Piece]*slot{}
	for _, doubtful := range []bool{false, true} {
		for i, s := range c.slots {
			if c.doubtful[i] != doubtful {
				continue
			}
			for _, p := range s.pieces {
				if first[p] == nil {
					first[p] = s
				}
				c.there[p] = c.there[p] || !doubtful
			}
		}
	}
	for _, s := range c.slots {
		for _, p := range slices.Clone(s.pieces) {
			if first[p] != s || !c.wanted[p] && c.spare(p, Piece{}) {
				s.remove(p)
			}
		}
	}
	for _, p := range c.want {
		if first[p] != nil {
			continue
		}
		if s := place(c.open(), p); s != nil {
			s.add(p)
			continue
		}
		c.swap(p)
	}
}

// spare says whether everything wanted that the piece shares something with is there, apart from the one named.
func (c *change) spare(p, but Piece) bool {
	return !slices.ContainsFunc(c.want, func(w Piece) bool { return w != but && !c.there[w] && p.overlaps(w) })
}

// swap puts a piece in the place of those in one policy that it alone stands in for: one write does both.
func (c *change) swap(p Piece) {
	for _, s := range c.slots {
		before := slices.Clone(s.pieces)
		for _, old := range before {
			if !c.wanted[old] && c.spare(old, p) {
				s.remove(old)
			}
		}
		if s.fits(p) {
			s.add(p)
			return
		}
		for _, old := range before {
			if !s.has(old) {
				s.add(old)
			}
		}
	}
}

func (c *change) done() bool {
	have := map[Piece]bool{}
	for _, s := range c.slots {
		for _, p := range s.pieces {
			have[p] = true
		}
	}
	return len(have) == len(c.want) && !slices.ContainsFunc(c.want, func(p Piece) bool { return !have[p] })
}
