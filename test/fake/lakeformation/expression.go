package lakeformation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// expression is a row filter: every one of its parts is met by a row that has one of the texts in the column.
type expression []part

type part struct {
	column string
	texts  []string
}

// token is a word, a name in double quotes, a text in single quotes, or a sign.
var token = regexp.MustCompile(`^\s*("[^"]+"|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|[(),=])`)

// parse reads the part of the dialect that knows AND, IN and =, with texts.
func parse(source string) (expression, error) {
	var tokens []string
	for rest := source; strings.TrimSpace(rest) != ""; {
		found := token.FindStringSubmatch(rest)
		if found == nil {
			return nil, fmt.Errorf("unexpected %q", rest)
		}
		tokens = append(tokens, found[1])
		rest = rest[len(found[0]):]
	}
	var e expression
	next := func() string {
		if len(tokens) == 0 {
			return ""
		}
		first := tokens[0]
		tokens = tokens[1:]
		return first
	}
	for {
		p := part{column: strings.Trim(next(), `"`)}
		if p.column == "" {
			return nil, fmt.Errorf("a column is missing in %q", source)
		}
		switch operator := strings.ToUpper(next()); operator {
		case "=":
			p.texts = append(p.texts, next())
		case "IN":
			if next() != "(" {
				return nil, fmt.Errorf("a list is missing in %q", source)
			}
			for sign := ","; sign == ","; {
				p.texts = append(p.texts, next())
				if sign = next(); sign != "," && sign != ")" {
					return nil, fmt.Errorf("a list has no end in %q", source)
				}
			}
		default:
			return nil, fmt.Errorf("unknown operator %q", operator)
		}
		for i, text := range p.texts {
			if len(text) < 2 || text[0] != '\'' {
				return nil, fmt.Errorf("%q is no text", text)
			}
			p.texts[i] = strings.ReplaceAll(text[1:len(text)-1], "''", "'")
		}
		e = append(e, p)
		switch sign := strings.ToUpper(next()); sign {
		case "":
			return e, nil
		case "AND":
		default:
			return nil, fmt.Errorf("unexpected %q", sign)
		}
	}
}

func (e expression) columns() (all []string) {
	for _, p := range e {
		all = append(all, p.column)
	}
	return all
}

func (e expression) holds(row Row) bool {
	return !slices.ContainsFunc(e, func(p part) bool {
		value, there := row[p.column]
		return !there || !slices.Contains(p.texts, value)
	})
}
