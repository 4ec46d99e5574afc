// Package person names the Kubernetes objects that belong to a person.
//
// The hub states the same rule in Python (images/hub/glue/atoll_hub/person.py); testdata/slugs.json holds the
// cases that both are tested against.
package person

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

const (
	// plainLimit is the length up to which a user name may be its own slug.
	plainLimit = 40
	// stemLimit leaves room for the separator and the hash.
	stemLimit = 30
	// separator stands in no name that is its own slug, so nobody can choose a name that is another's slug.
	separator = "--"
	// hashLength is the number of hexadecimal digits that tell sanitised names apart.
	hashLength = 8
)

var (
	plain  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	others = regexp.MustCompile(`[^a-z0-9]+`)
)

// Slug is the part of object names that stands for a person: at most 40 lower-case letters, digits and hyphens.
// A user name that is fit for an object name is kept; every other one is sanitised and gets a hash of itself.
func Slug(user string) string {
	name := lower(user)
	if len(name) <= plainLimit && plain.MatchString(name) && !strings.Contains(name, separator) {
		return name
	}
	stem := strings.Trim(others.ReplaceAllString(name, "-"), "-")
	if len(stem) > stemLimit {
		stem = strings.Trim(stem[:stemLimit], "-")
	}
	if stem == "" {
		stem = "x"
	}
	sum := sha256.Sum256([]byte(user))
	return stem + separator + hex.EncodeToString(sum[:])[:hashLength]
}

// ServiceAccountPrefix and a person's slug make the name of the account that their servers run under.
const ServiceAccountPrefix = "person-"

// ServiceAccount is the name of the account that a person's servers run under.
func ServiceAccount(user string) string {
	return ServiceAccountPrefix + Slug(user)
}

// Home is the name of the volume claim that holds a person's home.
func Home(user string) string {
	return "home-" + Slug(user)
}

// lower maps to lower case as Unicode's full mapping does, which is Python's. It differs from Go's in one letter
// that matters here: the dotted capital I keeps its dot, and so does not become a plain "i".
func lower(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "İ", "i̇"))
}
