package grant

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Normal is the normal form of the atoms: in order, each once, without empty windows, and with the windows of the same grant
// that touch each other joined. Atoms that mean the same have the same normal form.
func Normal(atoms []Atom) []Atom {
	all := make([]sortable, 0, len(atoms))
	for _, a := range atoms {
		if !a.Window.Empty() {
			all = append(all, keyed(tidy(a)))
		}
	}
	// First those that differ in their window alone stand side by side, to be joined.
	slices.SortFunc(all, func(a, b sortable) int {
		return cmp.Or(a.compareMeaning(b), cmp.Compare(a.Grant, b.Grant), a.compare(b))
	})
	var joined []sortable
	for _, a := range all {
		if last := len(joined) - 1; last >= 0 && joined[last].compareMeaning(a) == 0 && joined[last].Grant == a.Grant &&
			!a.Window.From.After(joined[last].Window.Until) {
			if a.Window.Until.After(joined[last].Window.Until) {
				joined[last].Window.Until = a.Window.Until
			}
			continue
		}
		joined = append(joined, a)
	}
	slices.SortFunc(joined, sortable.compare)
	var out []Atom
	for _, a := range joined {
		out = append(out, a.Atom)
	}
	return out
}

// tidy is the atom with its lists in order and its times in UTC.
func tidy(a Atom) Atom {
	a.Subject = a.Subject.fold()
	a.Window = Window{From: a.Window.From.UTC(), Until: a.Window.Until.UTC()}
	if p := a.Selector.Part; p != nil {
		part := *p
		part.Columns = sorted(part.Columns)
		part.Rows = part.Rows.sorted()
		part.Masks = nil
		for column, mask := range p.Masks {
			if mask == Clear || len(part.Columns) > 0 && !slices.Contains(part.Columns, column) {
				continue
			}
			if part.Masks == nil {
				part.Masks = map[string]Mask{}
			}
			part.Masks[column] = mask
		}
		if len(part.Columns) == 0 {
			part.Columns = nil
		}
		if len(part.Rows) == 0 {
			part.Rows = nil
		}
		a.Selector.Part = &part
	}
	return a
}

// Digest is "sha256:" and the hash over the normal form of the atoms, in hexadecimal. It is the same on every machine, and the
// same for atoms that mean the same and come from the same grants.
func Digest(atoms []Atom) string {
	sum := sha256.New()
	for _, a := range Normal(atoms) {
		line, _ := json.Marshal(struct { // Strings, maps of strings and lists of them always encode; maps do so in order.
			Atom
			Window [2]string `json:"window"`
		}{a, [2]string{a.Window.From.Format(time.RFC3339Nano), a.Window.Until.Format(time.RFC3339Nano)}})
		sum.Write(append(line, '\n'))
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Names lists the grants that the atoms come from, sorted.
func Names(atoms []Atom) []string {
	var names []string
	for _, a := range atoms {
		names = append(names, a.Grant)
	}
	return sorted(names)
}

// under says whether every key that begins with the prefix begins with the other one too.
func under(prefix, other string) bool { return strings.HasPrefix(prefix, other) }
