package objectstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// texts is a string or a list of strings, as policies have both.
type texts []string

func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// found is a statement by whomever.
type found struct {
	Effect                string
	Action, NotAction     texts
	Resource, NotResource texts
	Condition             map[string]map[string]texts
}

// Import reads a policy back as what it allows the subject, whoever wrote it. It never says less than what the policy
// allows: what it cannot tell exactly it takes for more, and denials are left out. What it cannot read is an error, which is to
// be treated as access that nobody granted.
func Import(policy string, subject grant.Subject) ([]grant.Atom, error) {
	if policy == "" {
		return nil, nil
	}
	var doc struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(policy), &doc); err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	var list []found
	if err := json.Unmarshal(doc.Statement, &list); err != nil {
		var one found
		if err := json.Unmarshal(doc.Statement, &one); err != nil {
			return nil, fmt.Errorf("reading the statements of a policy: %w", err)
		}
		list = []found{one}
	}
	var atoms []grant.Atom
	for _, s := range list {
		if s.Effect != "Allow" {
			continue
		}
		atoms = append(atoms, s.atoms(subject)...)
	}
	return grant.Normal(atoms), nil
}

func (s found) atoms(subject grant.Subject) []grant.Atom {
	window, prefixes := s.conditions()
	var atoms []grant.Atom
	for _, action := range s.actions() {
		for _, resource := range s.resources() {
			for _, o := range places(action, resource, prefixes) {
				atoms = append(atoms, grant.Atom{
					Subject: subject, Action: action, Selector: grant.Selector{Objects: &o}, Window: window,
				})
			}
		}
	}
	return atoms
}

// actions that the statement allows. A word that is none of ours, such as one for old versions of objects, and a pattern are
// actions of their own, which no grant gives.
func (s found) actions() []grant.Action {
	if len(s.NotAction) > 0 {
		return []grant.Action{"everything but " + grant.Action(strings.Join(s.NotAction, ", "))}
	}
	var all []grant.Action
	for _, have := range s.Action {
		known := grant.Action(have)
		for action, list := range words {
			if slices.ContainsFunc(list, func(word string) bool { return strings.EqualFold(word, have) }) {
				known = action
			}
		}
		all = append(all, known)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s found) resources() []string {
	if len(s.NotResource) > 0 {
		return []string{"*"}
	}
	return s.Resource
}

// places are the objects that a resource of a policy stands for. A bucket or a prefix with a pattern in it is cut off before the
// pattern, which makes it more than it is.
func places(action grant.Action, resource string, prefixes []string) []grant.Objects {
	at, ok := strings.CutPrefix(resource, arn)
	if !ok {
		return []grant.Objects{{Bucket: "*"}}
	}
	bucket, key, hasKey := strings.Cut(at, "/")
	if strings.ContainsAny(bucket, "*?$") {
		return []grant.Objects{{Bucket: "*"}}
	}
	if action == grant.List && hasKey {
		return nil // A bucket is listed, and its name has no slash.
	}
	if action == grant.List {
		if len(prefixes) == 0 {
			return []grant.Objects{{Bucket: bucket}}
		}
		var all []grant.Objects
		for _, p := range prefixes {
			all = append(all, grant.Objects{Bucket: bucket, Prefix: fixed(p)})
		}
		return all
	}
	if !hasKey && words[action] != nil {
		return nil // Objects have a key.
	}
	return []grant.Objects{{Bucket: bucket, Prefix: fixed(key)}}
}

// fixed is what comes before the first pattern.
func fixed(pattern string) string {
	if i := strings.IndexAny(pattern, "*?$"); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// conditions are the window and the prefixes for listing. A condition that is not known is left out, so that the result is more
// than what is allowed, never less.
func (s found) conditions() (window grant.Window, prefixes []string) {
	window = forever
	for operator, keys := range s.Condition {
		for key, values := range keys {
			switch {
			case strings.EqualFold(key, "aws:CurrentTime") && len(values) == 1:
				at, err := time.Parse(time.RFC3339, values[0])
				if err != nil {
					continue
				}
				switch operator {
				case "DateGreaterThanEquals", "DateGreaterThan":
					if at.After(window.From) {
						window.From = at
					}
				case "DateLessThan":
					if at.Before(window.Until) {
						window.Until = at
					}
				}
			case strings.EqualFold(key, "s3:prefix") && (operator == "StringLike" || operator == "StringEquals"):
				prefixes = slices.Clone(values)
			}
		}
	}
	return window, prefixes
}
