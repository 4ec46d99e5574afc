// Package member gives the people and groups of a workspace what their role grants.
package member

import (
	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
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
	users := []string{ws.Spec.Owner}
	for _, m := range ws.Spec.Members {
		if m.Kind == v1alpha1.MemberUser {
			users = append(users, m.Name)
		}
	}
	seen := map[string]bool{}
	var all []Person
	for _, user := range users {
		slug := person.Slug(user)
		if seen[slug] {
			continue
		}
		seen[slug] = true
		all = append(all, Person{User: user, Slug: slug})
	}
	return all
}
