package lease

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Open is a lease that can be taken on.
type Open struct {
	RoleARN string
	// Until is when another one has to be taken on: this one closes, or one opens that has more.
	Until time.Time
}

// Kind names the leases of the service, as the paths of their roles do.
func (g *Grants[P]) Kind() string { return g.client.gate.Kind }

// Open is the lease of a person, by the part of names that is theirs, that has all they are granted at a time; false where none is
// open. It is found by what AWS says: windows by the descriptions of roles, and whether the gate is open by its policy.
func (g *Grants[P]) Open(ctx context.Context, slug string, at time.Time) (Open, bool, error) {
	list, err := g.client.list(ctx, g.client.pathOf(slug))
	if err != nil {
		return Open{}, false, err
	}
	type stated struct {
		name   string
		window grant.Window
	}
	var open []stated
	var next time.Time
	for _, r := range list {
		name := aws.ToString(r.RoleName)
		w, ok := described(aws.ToString(r.Description))
		switch {
		case !ok || g.client.name(slug, w) != name:
		case w.Holds(at):
			open = append(open, stated{name, w})
		case w.From.After(at) && (next.IsZero() || w.From.Before(next)):
			next = w.From
		}
	}
	// What the others have in common has everything: it began last, and ends first.
	slices.SortFunc(open, func(a, b stated) int {
		if c := b.window.From.Compare(a.window.From); c != 0 {
			return c
		}
		return a.window.Until.Compare(b.window.Until)
	})
	for _, l := range open {
		document, err := g.client.inline(ctx, l.name, gateName)
		if err != nil {
			return Open{}, false, err
		}
		// A gate that does not open yet, or any more, is of a lease that is being given or taken.
		if w, ours := g.client.gate.window(document); !ours || w != l.window {
			continue
		}
		until := l.window.Until
		if !next.IsZero() && next.Before(until) {
			until = next
		}
		return Open{RoleARN: g.client.arn(slug, l.name), Until: until}, true, nil
	}
	return Open{}, false, nil
}

const descriptionStem = "Data as granted to one person, from "

// describe says in the description of a role when its gate is open. Lists of roles have descriptions, and neither tags nor policies.
func describe(w grant.Window) string {
	return descriptionStem + w.From.UTC().Format(instant) + " until " + w.Until.UTC().Format(instant)
}

// described is the other way round; false where the description is another one.
func described(text string) (w grant.Window, ok bool) {
	from, until, found := strings.Cut(strings.TrimPrefix(text, descriptionStem), " until ")
	var errs [2]error
	w.From, errs[0] = time.Parse(instant, from)
	w.Until, errs[1] = time.Parse(instant, until)
	return w, found && errs[0] == nil && errs[1] == nil && text == describe(w)
}
