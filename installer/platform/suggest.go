package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// suggest tells what may stand where word stands: the one that was probably meant, and all.
func suggest(word string, allowed []string) string {
	slices.Sort(allowed)
	all := strings.Join(allowed, ", ")
	best, distance := "", len(word)/2+1
	for _, candidate := range allowed {
		if d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(candidate), nil); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return "allowed: " + all
	}
	return fmt.Sprintf("did you mean %s? allowed: %s", best, all)
}
