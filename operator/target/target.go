// Package target says what a place where grants are enforced must do, and keeps the book of what is granted.
package target

import (
	"context"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
)

// Access is everything that people are granted, each by user name in lower case. Nobody else is meant, and a person without atoms
// is to have no access.
type Access map[string][]grant.Atom

// Target is a place where grants are enforced. Its own clock ends them: it is given windows, not commands.
type Target interface {
	// Name is how the status of a grant names it.
	Name() v1alpha1.GrantTarget
	// Takes says whether it enforces grants of the dataset.
	Takes(grant.Dataset) bool
	// Expiry says who ends access at the end of a window.
	Expiry() v1alpha1.ExpiryEnforcement
	// RevocationActsWithin is the longest time from the end of Sync to the first denial.
	RevocationActsWithin() time.Duration
	// Fits is an error where there is no room or no words for the access. It changes nothing.
	Fits(Access) error
	// Sync makes the access of each of the people what is stated, whatever it was. Access that was there and stays is there at
	// every moment in between; access that nobody states is at no moment.
	Sync(context.Context, Access) error
}
