package grant

import (
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
	all := make([]Atom, 0, len(atoms))
	for _, a := range atoms {
		if a.Window.Empty() {
			continue
		}
		all = append(all, tidy(a))
	}
	slices.SortFunc(all, func(a, b Atom) int {
		if same := Compare(withoutWindow(a), withoutWindow(b)); same != 0 {
			return same
		}
		return Compare(a, b)
	})
	var out []Atom
	for _, a := range all {
		if last := len(out) - 1; last >= 0 && Compare(withoutWindow(out[last]), withoutWindow(a)) == 0 &&
			!a.Window.From.After(out[last].Window.Until) {
			if a.Window.Until.After(out[last].Window.Until) {
				out[last].Window.Until = a.Window.Until
			}
			continue
		}
		out = append(out, a)
	}
	slices.SortFunc(out, Compare)
	return out
}

func withoutWindow(a Atom) Atom {
	a.Window = Window{}
	return a
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
