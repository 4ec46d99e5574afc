// Package member gives the people and groups of a workspace what their role grants.
package member

import (
	"fmt"
	"strings"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/condition"
)

// Person is somebody whom a workspace lists by name.
type Person struct {
	// User is the user name as the workspace spells it.
	User string
	// Slug stands for the person in names of objects.
	Slug string
}

// People lists the owner and the members of kind User, each person once.
func People(ws *v1alpha1.Workspace) []Person {
	seen := map[string]bool{}
	var all []Person
	for _, user := range users(ws) {
		slug := person.Slug(user)
		if seen[slug] {
			continue
		}
		seen[slug] = true
		all = append(all, Person{User: user, Slug: slug})
	}
	return all
}

// Distinct is an error where two people would share an account and a home. User names that differ in case only
// are the same person.
func Distinct(ws *v1alpha1.Workspace) error {
	seen := map[string]string{}
	for _, user := range users(ws) {
		slug := person.Slug(user)
		other, taken := seen[slug]
		if taken && !strings.EqualFold(user, other) {
			return &condition.Error{
				Reason:   v1alpha1.ReasonInvalid,
				Terminal: true,
				Err: fmt.Errorf("the users %q and %q would share the home %s: take one of them out of spec.members",
					other, user, person.Home(user)),
			}
		}
		seen[slug] = user
	}
	return nil
}

func users(ws *v1alpha1.Workspace) []string {
	all := []string{ws.Spec.Owner}
	for _, m := range ws.Spec.Members {
		if m.Kind == v1alpha1.MemberUser {
			all = append(all, m.Name)
		}
	}
	return all
}
