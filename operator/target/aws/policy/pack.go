package policy

import (
	"fmt"
	"slices"
)

// What AWS takes for one role, by its default quotas. White space does not count, and documents have it in prefixes at most.
const (
	// InlineLimit is the most characters that all inline policies of a role have together.
	InlineLimit = 10240
	// ManagedLimit is the most characters of one managed policy.
	ManagedLimit = 6144
	// AttachedLimit is the most managed policies of a role.
	AttachedLimit = 10
	// Slots are the inline policy and the managed ones.
	Slots = 1 + AttachedLimit
)

// Layout says which pieces each of a role's policies has: the inline one first, then the managed ones.
type Layout [Slots][]Piece

// TooLargeError says that what somebody is granted does not fit into the policies of a role.
type TooLargeError struct {
	// Need is what the policies would have in all, Room what they may.
	Need, Room, Pieces int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the policies of the role would have %d characters for %d prefixes and windows, and there is room for %d: AWS takes "+
		"%d of inline policies and %d of each of %d managed policies, of which one is kept free for changes. Let grants share a window "+
		"or a prefix, or end some", e.Need, e.Pieces, e.Room, InlineLimit, ManagedLimit, AttachedLimit)
}

// slot is a policy that is being filled.
type slot struct {
	language Language
	room     int
	size     int
	pieces   []Piece
	shapes   map[shape]int
}

// slots of a role whose inline policies have taken some characters for something else.
func (l Language) slots(taken int) []*slot {
	all := make([]*slot, Slots)
	for i := range all {
		all[i] = &slot{language: l, room: ManagedLimit, shapes: map[shape]int{}}
	}
	all[0].room = InlineLimit - taken
	return all
}

// grows is by how much the document gets longer with the piece.
func (s *slot) grows(p Piece) int {
	form, word := s.language.shape(p)
	if s.shapes[form] > 0 {
		return len(word) + len(`,""`)
	}
	longer := len(form.before) + len(word) + len(`""`) + len(form.after)
	if len(s.pieces) == 0 {
		return len(opening) + longer + len(closing)
	}
	return longer + len(",")
}

func (s *slot) fits(p Piece) bool { return s.size+s.grows(p) <= s.room }

func (s *slot) has(p Piece) bool { return slices.Contains(s.pieces, p) }

func (s *slot) shares(p Piece) bool {
	form, _ := s.language.shape(p)
	return s.shapes[form] > 0
}

func (s *slot) add(p Piece) {
	s.size += s.grows(p)
	form, _ := s.language.shape(p)
	s.shapes[form]++
	s.pieces = append(s.pieces, p)
}

func (s *slot) remove(p Piece) {
	form, _ := s.language.shape(p)
	s.shapes[form]--
	s.pieces = slices.DeleteFunc(s.pieces, func(q Piece) bool { return q == p })
	s.size -= s.grows(p)
}

// place is the slot that a piece goes to: one that has its statement already, or else the first with room; nil where none has.
func place(slots []*slot, p Piece) *slot {
	for _, s := range slots {
		if s.shares(p) && s.fits(p) {
			return s
		}
	}
	for _, s := range slots {
		if s.fits(p) {
			return s
		}
	}
	return nil
}

// Pack lays the pieces out from nothing. One managed policy is left free, so that later changes have room to add before they
// remove. Taken is what other inline policies of the role have.
func (l Language) Pack(pieces []Piece, taken int) (Layout, error) {
	all := l.slots(taken)
	usable := all[:Slots-1]
	var layout Layout
	short := false
	need, room := 0, 0
	for _, p := range pieces {
		if s := place(usable, p); s != nil {
			s.add(p)
			continue
		}
		short = true
		need += usable[0].grows(p)
	}
	for i, s := range usable {
		layout[i] = s.pieces
		need += s.size
		room += s.room
	}
	if short {
		return Layout{}, &TooLargeError{Need: need, Room: room, Pieces: len(pieces)}
	}
	return layout, nil
}
