package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/internal/grant"
)

// nothing is the filter that no row passes.
const nothing = "false"

// redacted is what MaskRedact shows in place of a text.
const redacted = "'***'"

// texts are the types in which a text can stand for a value.
var texts = regexp.MustCompile(`^varchar(\([0-9]+\))?$`)

// rowFilter is the one filter that lets through the rows of any of the rules; empty where all rows pass. Trino joins
// several filters with AND, so there must be one.
func rowFilter(rules []*rule) string {
	if len(rules) == 0 {
		return nothing
	}
	var any []string
	for _, r := range rules {
		text := conditions(r.rows)
		if text == "" {
			return ""
		}
		if !slices.Contains(any, text) {
			any = append(any, text)
		}
	}
	return strings.Join(any, " OR ")
}

// conditions is met by the rows; empty where all are meant. A condition that is not met for want of a value is not true
// in SQL either.
func conditions(rows grant.Rows) string {
	if len(rows) == 0 {
		return ""
	}
	all := make([]string, 0, len(rows))
	for _, c := range rows {
		if len(c.Values) == 0 {
			return nothing
		}
		values := make([]string, 0, len(c.Values))
		for _, v := range c.Values {
			values = append(values, literal(v))
		}
		all = append(all, "CAST("+identifier(c.Column)+" AS varchar) IN ("+strings.Join(values, ", ")+")")
	}
	return "(" + strings.Join(all, " AND ") + ")"
}

// columnMask is what is shown of a column, and false where it is shown as it is. The rules are those whose rows are
// seen: each row shows the column as the rule does that shows the most of it.
func columnMask(rules []*rule, column, columnType string) (string, bool) {
	// Every row that is seen is seen by a rule that shows the column like this.
	if mask, alike := onlyMask(rules, column); alike {
		return shown(mask, column, columnType)
	}
	masks := map[grant.Mask][]*rule{}
	for _, r := range rules {
		if r.shows(column) {
			masks[r.masks[column]] = append(masks[r.masks[column]], r)
		}
	}
	var cases strings.Builder
	for _, mask := range []grant.Mask{grant.Clear, grant.Hash, grant.Redact} {
		text, masked := shown(mask, column, columnType)
		if !masked {
			text = identifier(column)
		}
		if len(masks[mask]) == 0 {
			continue
		}
		when := rowFilter(masks[mask])
		if when == "" {
			// All rows show at least this much of it.
			if cases.Len() == 0 {
				return shown(mask, column, columnType)
			}
			return "CASE" + cases.String() + " ELSE " + text + " END", true
		}
		cases.WriteString(" WHEN " + when + " THEN " + text)
	}
	if cases.Len() == 0 {
		return "NULL", true
	}
	return "CASE" + cases.String() + " ELSE NULL END", true
}

// onlyMask is how every rule shows the column; false where one does not show it, or two show it in different ways.
func onlyMask(rules []*rule, column string) (mask grant.Mask, alike bool) {
	for i, r := range rules {
		if !r.shows(column) || i > 0 && r.masks[column] != mask {
			return "", false
		}
		mask = r.masks[column]
	}
	return mask, len(rules) > 0
}

// shown is a masked column, and false where it is shown as it is. A value that no text can stand for is not shown.
func shown(mask grant.Mask, column, columnType string) (string, bool) {
	if mask == grant.Clear {
		return "", false
	}
	if !texts.MatchString(columnType) {
		return "NULL", true
	}
	name := identifier(column)
	switch mask {
	case grant.Hash:
		return "CAST(lower(to_hex(sha256(to_utf8(CAST(" + name + " AS varchar))))) AS " + columnType + ")", true
	case grant.Redact:
		return "CASE WHEN " + name + " IS NOT NULL THEN CAST(" + redacted + " AS " + columnType + ") END", true
	}
	return "NULL", true
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
