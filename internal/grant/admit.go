package grant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits bound how long a grant may last, by the effective class of what it selects.
type Limits struct {
	// Longest duration by class. A class without one gets no grants.
	Longest map[Class]time.Duration
	// BreakGlass is the longest duration of a grant that its requester approves.
	BreakGlass time.Duration
}

// DefaultLimits are 366, 180, 90 and 30 days for C1 to C4, and 4 hours where the glass is broken.
func DefaultLimits() Limits {
	const day = 24 * time.Hour
	return Limits{
		Longest:    map[Class]time.Duration{C1: 366 * day, C2: 180 * day, C3: 90 * day, C4: 30 * day},
		BreakGlass: 4 * time.Hour,
	}
}

// Verdict is what the rules say of a grant.
type Verdict struct {
	// Class of what the grant selects, in effect, and what decided it.
	Class Class
	Why   string
	// Refused lists the rules that the grant breaks: it gives no access until something else changes. Empty where it breaks none.
	Refused []string
	// Wanting lists what is missing before it may give access, such as approvals. Empty where nothing is.
	Wanting []string
}

// Granted says whether the grant may give access in its window.
func (v Verdict) Granted() bool { return len(v.Refused) == 0 && len(v.Wanting) == 0 }

// Admit judges a grant by the rules of class, ceiling, duration and approval. Conflicts between datasets are judged by Conflicting.
//
// The rules: the class that counts is the effective one, and it may not be above the grant's ceiling, nor above the ceiling of the
// subject (that of the workspace; C4 for a person or a group). The requester's approval never counts, but where the glass is
// broken. One approval is enough, and C4 needs two of different people, of which one is the owner of the data.
func Admit(g Grant, c Catalog, subjectCeiling Class, limits Limits) Verdict {
	d, known := c[g.Dataset]
	if !known {
		return Verdict{Class: C4, Refused: []string{fmt.Sprintf("dataset %s does not exist", g.Dataset)}}
	}
	var v Verdict
	refuse := func(format string, args ...any) { v.Refused = append(v.Refused, fmt.Sprintf(format, args...)) }
	v.Class, v.Why = c.EffectiveClass(g.Dataset, g.Columns)
	if missing := c.Unknown(g.Dataset); len(missing) > 0 {
		v.Why += "; unknown in its lineage: " + strings.Join(missing, ", ")
	}
	if _, err := Atoms(g, d); err != nil {
		refuse("%s", err)
	}
	if v.Class.Above(g.Ceiling) {
		refuse("the data counts as %s (%s), above the ceiling %s of the grant", v.Class, v.Why, g.Ceiling.Known())
	}
	if v.Class.Above(subjectCeiling) {
		refuse("the data counts as %s (%s), above the ceiling %s of %s", v.Class, v.Why, subjectCeiling.Known(), g.Subject)
	}
	longest := limits.Longest[v.Class]
	if g.BreakGlass {
		longest = min(longest, limits.BreakGlass)
	}
	if length := g.Window.Until.Sub(g.Window.From); length > longest {
		refuse("it lasts %s, and %s is the longest for %s%s", length, longest, v.Class, map[bool]string{true: " by BreakGlass"}[g.BreakGlass])
	}
	if a, b, clash := Clash(c.EffectiveConflicts(g.Dataset), c.EffectiveConflicts(g.Dataset)); clash {
		refuse("dataset %s brings %s and %s together, which must not come together", g.Dataset, a, b)
	}
	v.Wanting = g.wanting(v.Class, d.Owner)
	return v
}

// wanting lists the approvals that are missing.
func (g Grant) wanting(class Class, owner string) []string {
	if g.BreakGlass {
		if slices.ContainsFunc(g.ApprovedBy, func(by string) bool { return strings.EqualFold(by, g.RequestedBy) }) {
			return nil
		}
		return []string{fmt.Sprintf("%s has not broken the glass: add the name to approvedBy", g.RequestedBy)}
	}
	people := map[string]bool{}
	for _, by := range g.ApprovedBy {
		if by != "" && !strings.EqualFold(by, g.RequestedBy) {
			people[strings.ToLower(by)] = true
		}
	}
	if class != C4 {
		if len(people) == 0 {
			return []string{"one approval by somebody other than " + g.RequestedBy}
		}
		return nil
	}
	var missing []string
	if len(people) < 2 {
		missing = append(missing, fmt.Sprintf("two approvals by people other than %s, and it has %d", g.RequestedBy, len(people)))
	}
	if !people[strings.ToLower(owner)] {
		missing = append(missing, fmt.Sprintf("the approval of %s, who owns the data", owner))
	}
	return missing
}

// Standing is a subject that holds, or ever held, a grant of a dataset.
type Standing struct {
	Subject Subject
	Dataset string
	// Grant names it, where that is known.
	Grant string
}

// People tells who is reached by a group or a workspace. False says that it is not known.
type People interface {
	Of(Subject) ([]string, bool)
}

// Conflicting is a refusal where the grant would bring two sides of a matter into one person's hands: because somebody whom the
// grant reaches holds or held the other side, by name or by any group or workspace. Where it is not known whom a group reaches,
// the two are taken to share somebody. Nil where there is no conflict.
func Conflicting(g Grant, c Catalog, past []Standing, people People) error {
	mine := c.EffectiveConflicts(g.Dataset)
	if len(mine) == 0 {
		return nil
	}
	for _, s := range past {
		if s.Grant == g.Name && s.Grant != "" {
			continue
		}
		a, b, clash := Clash(mine, c.EffectiveConflicts(s.Dataset))
		if !clash {
			continue
		}
		who, known := shared(g.Subject, s.Subject, people)
		switch {
		case !known:
			return fmt.Errorf("%s of dataset %s and %s of dataset %s must not come together, and whether %s and %s share somebody is not known",
				a, g.Dataset, b, s.Dataset, g.Subject, s.Subject)
		case who != "":
			return fmt.Errorf("%s holds or held %s through %s of dataset %s, and %s of dataset %s must not come together with it",
				who, b, s.Subject, s.Dataset, a, g.Dataset)
		}
	}
	return nil
}

// shared is somebody whom both subjects reach, or none. Known is false where that cannot be told.
func shared(a, b Subject, people People) (who string, known bool) {
	if a.fold() == b.fold() {
		return a.String(), true
	}
	reached := func(s Subject) ([]string, bool) {
		if s.Kind == User {
			return []string{s.Name}, true
		}
		return people.Of(s)
	}
	left, leftKnown := reached(a)
	right, rightKnown := reached(b)
	for _, l := range left {
		for _, r := range right {
			if strings.EqualFold(l, r) {
				return "user:" + strings.ToLower(l), true
			}
		}
	}
	return "", leftKnown && rightKnown
}
