package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/atoll-platform/atoll/internal/grant"
)

// sql evaluates the few words of SQL that filters and masks are made of, as Trino does, on one row of texts. It knows
// nothing of grants.
type sql struct {
	t    testing.TB
	text string
	row  map[string]string
}

// filter says whether the row passes; what is not true does not pass.
func filter(t testing.TB, text string, row map[string]string) bool {
	if text == "" {
		return true
	}
	s := &sql{t: t, text: text, row: row}
	holds := s.or()
	s.end()
	return holds
}

// mask says how a column of the row is shown.
func mask(t testing.TB, text string, row map[string]string) grant.Mask {
	s := &sql{t: t, text: text, row: row}
	m := s.value()
	s.end()
	return m
}

func (s *sql) or() bool {
	holds := s.and()
	for s.next(" OR ") {
		holds = s.and() || holds
	}
	return holds
}

// and is one pair of brackets with conditions, or false.
func (s *sql) and() bool {
	if s.next("false") {
		return false
	}
	s.want("(")
	holds := s.in()
	for s.next(" AND ") {
		holds = s.in() && holds
	}
	s.want(")")
	return holds
}

func (s *sql) in() bool {
	s.want("CAST(")
	value, there := s.row[s.quoted('"')]
	s.want(" AS varchar) IN (")
	found := s.quoted('\'') == value
	for s.next(", ") {
		found = s.quoted('\'') == value || found
	}
	s.want(")")
	return there && found
}

func (s *sql) value() grant.Mask {
	switch {
	case s.next("NULL"):
		return grant.Null
	case s.next("CAST(lower(to_hex(sha256(to_utf8(CAST("):
		s.quoted('"')
		s.want(" AS varchar))))) AS varchar)")
		return grant.Hash
	case strings.HasPrefix(s.text, `CASE WHEN "`):
		s.want("CASE WHEN ")
		s.quoted('"')
		s.want(" IS NOT NULL THEN CAST('***' AS varchar) END")
		return grant.Redact
	case strings.HasPrefix(s.text, `"`):
		s.quoted('"')
		return grant.Clear
	}
	s.want("CASE")
	var chosen *grant.Mask
	for s.next(" WHEN ") {
		holds := s.or()
		s.want(" THEN ")
		if m := s.value(); holds && chosen == nil {
			chosen = &m
		}
	}
	s.want(" ELSE ")
	if m := s.value(); chosen == nil {
		chosen = &m
	}
	s.want(" END")
	return *chosen
}

func (s *sql) next(word string) bool {
	rest, ok := strings.CutPrefix(s.text, word)
	if ok {
		s.text = rest
	}
	return ok
}

func (s *sql) want(word string) {
	if !s.next(word) {
		s.t.Fatalf("%q is wanted in %q", word, s.text)
	}
}

func (s *sql) end() {
	if s.text != "" {
		s.t.Fatalf("%q is left over", s.text)
	}
}

func (s *sql) quoted(quote byte) string {
	s.want(string(quote))
	var out strings.Builder
	for i := 0; i < len(s.text); i++ {
		if s.text[i] != quote {
			out.WriteByte(s.text[i])
			continue
		}
		if i+1 < len(s.text) && s.text[i+1] == quote {
			out.WriteByte(quote)
			i++
			continue
		}
		s.text = s.text[i+1:]
		return out.String()
	}
	panic(fmt.Sprintf("a quote that does not end: %s", s.text))
}
