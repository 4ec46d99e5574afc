// Package policy writes what a person is granted as policies of a role in AWS, reads them back, and packs them into the sizes
// that AWS takes. It calls nothing.
package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/internal/grant"
)

const (
	// instant is how a policy states a time. AWS compares whole seconds, in UTC.
	instant = "2006-01-02T15:04:05Z"
	// listing is the one action on a bucket.
	listing = "s3:ListBucket"
)

// words are AWS's for an action on objects.
var words = map[grant.Action][]string{
	grant.Read:   {"s3:GetObject"},
	grant.List:   {listing},
	grant.Write:  {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"},
	grant.Delete: {"s3:DeleteObject"},
}

// Piece is the least that a policy can say: these actions, below one prefix, inside one window. Pieces that differ in
// their place alone share a statement.
type Piece struct {
	// From and Until are the window as policies state it.
	From, Until string
	// Actions are in order, joined by commas.
	Actions string
	Bucket  string
	// Prefix is empty or ends in a slash.
	Prefix string
}

// Compile takes what one person is granted of objects apart into pieces, in order and none twice. Whom the atoms reach is not looked
// at: they are taken to reach the person. What AWS could not say is an error, and nothing is widened.
func Compile(atoms []grant.Atom) ([]Piece, error) {
	type place struct{ from, until, bucket, prefix, kind string }
	actions := map[place][]string{}
	for _, a := range united(atoms) {
		o := a.Selector.Objects
		if o == nil || a.Selector.Part != nil || words[a.Action] == nil {
			return nil, fmt.Errorf("policies of AWS know no %s of %+v", a.Action, a.Selector)
		}
		if err := expressible(*o, a.Window); err != nil {
			return nil, err
		}
		at := place{from: a.Window.From.UTC().Format(instant), until: a.Window.Until.UTC().Format(instant), bucket: o.Bucket, prefix: o.Prefix}
		if a.Action == grant.List {
			at.kind = listing
		}
		actions[at] = append(actions[at], words[a.Action]...)
	}
	pieces := make([]Piece, 0, len(actions))
	for at, list := range actions {
		slices.Sort(list)
		pieces = append(pieces, Piece{
			From: at.from, Until: at.until, Actions: strings.Join(slices.Compact(list), ","), Bucket: at.bucket, Prefix: at.prefix,
		})
	}
	slices.SortFunc(pieces, compare)
	return pieces, nil
}

func compare(a, b Piece) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until), cmp.Compare(a.Actions, b.Actions),
		cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Prefix, b.Prefix))
}

// expressible is an error where AWS would read something else than what is meant.
func expressible(o grant.Objects, w grant.Window) error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`*?$"\`, r) }
	if o.Bucket == "" || strings.ContainsFunc(o.Bucket, odd) || strings.Contains(o.Bucket, "/") {
		return fmt.Errorf("a policy of AWS would read the bucket %q as something else", o.Bucket)
	}
	if strings.ContainsFunc(strings.ReplaceAll(o.Prefix, " ", ""), odd) || o.Prefix != "" && !strings.HasSuffix(o.Prefix, "/") {
		return fmt.Errorf("a policy of AWS would read the prefix %q of bucket %s as something else", o.Prefix, o.Bucket)
	}
	if w.From.Nanosecond() != 0 || w.Until.Nanosecond() != 0 {
		return fmt.Errorf("AWS compares whole seconds, and the window is %s to %s", w.From, w.Until)
	}
	if w.From.UTC().Year() < 1970 || w.Until.UTC().Year() > 9999 {
		return fmt.Errorf("the window %s to %s has no form that AWS reads", w.From, w.Until)
	}
	return nil
}

// united are the atoms by what they allow alone: without grants and subjects, windows that touch joined, and without what another
// allows anyway.
func united(atoms []grant.Atom) []grant.Atom {
	plain := make([]grant.Atom, 0, len(atoms))
	for _, a := range atoms {
		a.Grant, a.Subject = "", grant.Subject{}
		plain = append(plain, a)
	}
	plain = grant.Normal(plain)
	return slices.DeleteFunc(slices.Clone(plain), func(a grant.Atom) bool {
		return slices.ContainsFunc(plain, func(b grant.Atom) bool { return grant.Compare(a, b) != 0 && within(a, b) })
	})
}

// within says whether the second atom of objects allows all that the first does.
func within(a, b grant.Atom) bool {
	o, p := a.Selector.Objects, b.Selector.Objects
	return a.Action == b.Action && o != nil && p != nil && o.Bucket == p.Bucket && strings.HasPrefix(o.Prefix, p.Prefix) &&
		!a.Window.From.Before(b.Window.From) && !a.Window.Until.After(b.Window.Until)
}

// overlaps says whether there is anything that both pieces allow.
func (p Piece) overlaps(q Piece) bool {
	if p.Bucket != q.Bucket || p.Until <= q.From || q.Until <= p.From ||
		!strings.HasPrefix(p.Prefix, q.Prefix) && !strings.HasPrefix(q.Prefix, p.Prefix) {
		return false
	}
	have := strings.Split(q.Actions, ",")
	return slices.ContainsFunc(strings.Split(p.Actions, ","), func(action string) bool { return slices.Contains(have, action) })
}
