package managed

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

var (
	// A part of a field path: a name with what may follow it in brackets.
	partPattern = regexp.MustCompile(`([A-Za-z]+)((?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])?)`)
	namedItem   = regexp.MustCompile(`^\[name="([^"]*)"\]$`)
)

// attributeOf maps a field of the object to its attribute: spec.home.storageClassName to
// home.storage_class_name. A path into a list that is not by index ends at the list, where
// Terraform's element is another.
func attributeOf(field string) path.Path {
	field = strings.TrimPrefix(strings.TrimPrefix(field, "."), "spec.")
	switch field {
	case "metadata.name":
		return path.Root("name")
	case "spec":
		return path.Empty()
	}
	at := path.Empty()
	for _, part := range partPattern.FindAllStringSubmatch(field, -1) {
		name, item := part[1], part[2]
		at = at.AtName(snake(name))
		if name == "nodeSelector" {
			return at
		}
		if item == "" {
			continue
		}
		if index, err := strconv.Atoi(strings.Trim(item, "[]")); err == nil && (name == "sizes" || name == "tolerations" || name == "tasks") {
			at = at.AtListIndex(index)
			continue
		}
		if key := namedItem.FindStringSubmatch(item); key != nil && name == "env" {
			at = at.AtMapKey(key[1])
		}
		return at
	}
	return at
}

// snake writes a JSON name as an attribute: idleAfter as idle_after, hubURL as hub_url.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
