package person_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/atoll-platform/atoll/internal/person"
)

// vector is a case of testdata/slugs.json, which the hub's Python reads too.
type vector struct {
	User string `json:"user"`
	Slug string `json:"slug"`
	Why  string `json:"why"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/slugs.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatalf("reading testdata/slugs.json: %v", err)
	}
	if len(all) == 0 {
		t.Fatal("testdata/slugs.json holds no case")
	}
	return all
}

func TestSlug(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Why, func(t *testing.T) {
			if got := person.Slug(v.User); got != v.Slug {
				t.Errorf("Slug(%q) = %q, want %q", v.User, got, v.Slug)
			}
		})
	}
}

func TestSlugsAreFitForNamesAndDistinct(t *testing.T) {
	label := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)
	users := map[string]string{}
	for _, v := range vectors(t) {
		if !label.MatchString(v.Slug) {
			t.Errorf("the slug %q of %q is not 1 to 40 letters, digits and hyphens", v.Slug, v.User)
		}
		if other, taken := users[v.Slug]; taken && v.Why != "upper case is the same person" {
			t.Errorf("%q and %q share the slug %q", other, v.User, v.Slug)
		}
		users[v.Slug] = v.User
	}
}

func TestNames(t *testing.T) {
	if got, want := person.ServiceAccount("ada"), "person-ada"; got != want {
		t.Errorf("ServiceAccount = %q, want %q", got, want)
	}
	if got, want := person.Home("ada"), "home-ada"; got != want {
		t.Errorf("Home = %q, want %q", got, want)
	}
}
