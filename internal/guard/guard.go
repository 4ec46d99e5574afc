package guard

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Finding is one thing that a plan would lose.
type Finding struct {
	Address string `json:"address"`
	// What would be lost, in words.
	What string `json:"what"`
	// How: replaced, deleted, or which protection is taken away.
	How string `json:"how"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s; it is %s", f.Address, f.How, f.What)
}

// Check returns what the plan would lose, but for the addresses that were allowed by name. An allowed address that the
// plan does not touch is an error: it was meant for another plan.
func Check(data []byte, allowed []string) ([]Finding, error) {
	p, err := parse(data)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	unused := slices.Clone(allowed)
	for _, c := range p.ResourceChanges {
		k, guarded := kinds[c.Type]
		if !guarded || c.Mode == "data" {
			continue
		}
		for _, how := range k.losses(c) {
			if slices.Contains(allowed, c.Address) {
				unused = slices.DeleteFunc(unused, func(a string) bool { return a == c.Address })
				continue
			}
			findings = append(findings, Finding{Address: c.Address, What: k.what, How: how})
		}
	}
	if len(unused) > 0 {
		return nil, fmt.Errorf("allowing losses: the plan would not lose %s; leave it out, so that a later plan is not let through", strings.Join(unused, ", "))
	}
	sort.SliceStable(findings, func(i, j int) bool { return findings[i].Address < findings[j].Address })
	return findings, nil
}

// losses says what a change would lose of a kind.
func (k kind) losses(c change) []string {
	switch {
	case c.deletes() && k.keeps != nil && k.keeps(c.Change.Before):
		return nil
	case c.replaced() && c.because() != "":
		return []string{"it would be replaced, because of " + c.because()}
	case c.replaced():
		return []string{"it would be replaced"}
	case c.deletes():
		return []string{"it would be deleted"}
	}
	var out []string
	for _, attribute := range sorted(k.protections) {
		before, after := c.Change.Before[attribute], c.Change.After[attribute]
		if after == k.protections[attribute] && c.Change.Before != nil && before != after {
			out = append(out, fmt.Sprintf("its protection would go: %s from %v to %v", attribute, before, after))
		}
	}
	return out
}

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
