package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/internal/grant"
)

// explain says of each grant of the dataset what it gives the person, or why it gives nothing.
func (s *State) explain(dataset, person string) []string {
	var lines []string
	if d, known := s.Datasets[dataset]; known {
		class := fmt.Sprintf("dataset %s: owned by %s, counts as %s", dataset, d.Owner, cmp.Or(d.Effective, d.Class, grant.C4))
		if d.Why != "" {
			class += " (" + d.Why + ")"
		}
		lines = append(lines, class)
	}
	groups, known := s.groups(person)
	workspaces := s.workspaces(person)
	lines = append(lines, fmt.Sprintf("person %s: groups %s, workspaces %s", person, listOr(groups, known, "not known"), listOr(workspaces, true, "")))
	for _, name := range s.grantsOf(dataset) {
		g := s.Grants[name]
		lines = append(lines, fmt.Sprintf("grant %s: %s", name, s.outcome(g, person, groups, workspaces)), "  "+g.evidence())
	}
	return lines
}

// outcome of a grant for a person, at the time.
func (s *State) outcome(g Grant, person string, groups, workspaces []string) string {
	if len(g.Atoms) == 0 {
		why := cmp.Or(g.Revoked, g.Reason, "it was not admitted")
		return fmt.Sprintf("gives nothing: it is %s, %s", strings.ToLower(cmp.Or(g.Phase, "pending")), why)
	}
	a := g.Atoms[0]
	window := fmt.Sprintf("from %s until %s", utc(a.Window.From), utc(a.Window.Until))
	switch {
	case s.At.Before(a.Window.From):
		return "gives nothing yet: it runs " + window
	case !s.At.Before(a.Window.Until):
		return "gives nothing any more: it ran " + window
	case a.Subject.Reaches(person, groups, workspaces):
		var actions []string
		for _, a := range g.Atoms {
			actions = append(actions, string(a.Action))
		}
		slices.Sort(actions)
		return fmt.Sprintf("gives %s by %s, %s", strings.Join(slices.Compact(actions), ", "), a.Subject, window)
	}
	if doubt := s.doubt(a.Subject, person); doubt != "" {
		return fmt.Sprintf("not evaluable: it is for %s, and %s", a.Subject, doubt)
	}
	return fmt.Sprintf("gives them nothing: it is for %s, %s", a.Subject, window)
}

// evidence is who asked for a grant and agreed, what for, and where it is enforced.
func (g Grant) evidence() string {
	text := fmt.Sprintf("version %d for %q, asked for by %s, approved by %s", g.Version, g.Purpose, g.RequestedBy, listOr(g.ApprovedBy, true, ""))
	if g.BreakGlass {
		text += ", by breaking the glass"
	}
	if g.RevokedBy != "" {
		text += fmt.Sprintf(", revoked by %s", g.RevokedBy)
	}
	for _, t := range g.Targets {
		text += fmt.Sprintf("; %s: %s %s", t.Name, strings.ToLower(t.State), t.Digest)
	}
	if g.Compiler != "" {
		text += "; compiled by " + g.Compiler
	}
	return text
}

func listOr(list []string, known bool, unknown string) string {
	switch {
	case !known:
		return unknown
	case len(list) == 0:
		return "none"
	}
	return strings.Join(list, ", ")
}
