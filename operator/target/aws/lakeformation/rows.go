package lakeformation

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/atoll-platform/atoll/internal/grant"
)

// columnForm is what names of columns look like; nothing in them needs an escape.
var columnForm = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*$`)

// expression says which rows are meant, in the dialect of data filters; empty for all rows.
func expression(rows grant.Rows) (string, error) {
	var all []string
	for _, c := range rows {
		if !columnForm.MatchString(c.Column) {
			return "", fmt.Errorf("Lake Formation would read the column %q as something else", c.Column) //nolint:staticcheck // a name
		}
		if len(c.Values) == 0 {
			return "", fmt.Errorf("no value of column %s is named", c.Column)
		}
		var values []string
		for _, v := range c.Values {
			if strings.ContainsFunc(v, unicode.IsControl) || strings.ContainsRune(v, unicode.ReplacementChar) {
				return "", fmt.Errorf("Lake Formation would read the value %q of column %s as something else", v, c.Column) //nolint:staticcheck // a name
			}
			values = append(values, "'"+strings.ReplaceAll(v, "'", "''")+"'")
		}
		all = append(all, `"`+c.Column+`" IN (`+strings.Join(values, ", ")+")")
	}
	return strings.Join(all, " AND "), nil
}

// errForeign says that an expression is none that expression writes.
var errForeign = errors.New("the filter of its rows is not one that grants are written as")

// conditions reads back what expression wrote; anything else is an error.
func conditions(text string) (grant.Rows, error) {
	if text == "" {
		return nil, nil
	}
	var rows grant.Rows
	rest := text
	for {
		column, after, ok := strings.Cut(strings.TrimPrefix(rest, `"`), `" IN (`)
		if !ok {
			return nil, errForeign
		}
		c := grant.Condition{Column: column}
		rest = after
		for {
			value, after, ok := quoted(rest)
			if !ok {
				return nil, errForeign
			}
			c.Values = append(c.Values, value)
			if rest, ok = strings.CutPrefix(after, ", "); !ok {
				break
			}
		}
		rows = append(rows, c)
		after, ok = strings.CutPrefix(rest, ")")
		if !ok {
			return nil, errForeign
		}
		if after == "" {
			break
		}
		if rest, ok = strings.CutPrefix(after, " AND "); !ok {
			return nil, errForeign
		}
	}
	if again, err := expression(rows); err != nil || again != text {
		return nil, errForeign
	}
	return rows, nil
}

// quoted reads a text in single quotes, and says what follows it.
func quoted(text string) (value, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, "'")
	if !ok {
		return "", "", false
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "'")
		if !found {
			return "", "", false
		}
		b.WriteString(before)
		if text, ok = strings.CutPrefix(after, "'"); !ok {
			return b.String(), after, true
		}
		b.WriteByte('\'')
	}
}
