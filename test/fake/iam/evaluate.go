package iam

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Request is what somebody with a role asks of another service.
type Request struct {
	// Action such as s3:GetObject, on a Resource by its ARN.
	Action, Resource string
	// Prefix is what a listing asks for.
	Prefix string
	At     time.Time
	// Tags are those of the session that asks.
	Tags map[string]string
}

// Allowed says whether the role's policies, as last written, let the request through.
func (s *Server) Allowed(name string, req Request) bool {
	s.mu.Lock()
	now := s.held.Now()
	s.mu.Unlock()
	r := now.roles[name]
	if r == nil {
		return false
	}
	allowed := false
	look := func(text string) (denied bool) {
		var d document
		if json.Unmarshal([]byte(text), &d) != nil {
			return true
		}
		for _, e := range d.Statement {
			if e.applies(req) {
				if e.Effect == "Deny" {
					return true
				}
				allowed = true
			}
		}
		return false
	}
	for _, text := range r.inline {
		if look(text) {
			return false
		}
	}
	for _, arn := range r.attached {
		if p := now.policies[arn]; p != nil && look(p.versions[p.standard]) {
			return false
		}
	}
	return allowed
}

func (e entry) applies(req Request) bool {
	if len(e.NotAction) > 0 && anyMatch(e.NotAction, req.Action, "(?is)") || len(e.NotAction) == 0 && !anyMatch(e.Action, req.Action, "(?is)") {
		return false
	}
	named := func(resources texts) bool { return anyMatch(filled(resources, req.Tags), req.Resource, "(?s)") }
	if len(e.NotResource) > 0 && named(e.NotResource) || len(e.NotResource) == 0 && !named(e.Resource) {
		return false
	}
	for operator, keys := range e.Condition {
		for key, values := range keys {
			if !holds(operator, strings.ToLower(key), values, req) {
				return false
			}
		}
	}
	return true
}

// variable is one that stands for a tag of the session.
var variable = regexp.MustCompile(`\$\{aws:PrincipalTag/([^}]+)\}`)

// filled has the tags of the session in the places of their variables. Stars in a tag are themselves, and what names a tag that the
// session does not have names nothing.
func filled(resources texts, tags map[string]string) (list []string) {
	for _, text := range resources {
		there := true
		text = variable.ReplaceAllStringFunc(text, func(v string) string {
			tag, has := tags[variable.FindStringSubmatch(v)[1]]
			there = there && has && !strings.ContainsAny(tag, "*?")
			return tag
		})
		if there {
			list = append(list, text)
		}
	}
	return list
}

// holds says whether one of the values meets the condition. A key that the request does not have meets none.
func holds(operator, key string, values []string, req Request) bool {
	for _, v := range values {
		tag, ofPrincipal := strings.CutPrefix(key, "aws:principaltag/")
		if is, has := req.Tags[tag]; ofPrincipal && has && operator == "StringEquals" && is == v {
			return true
		}
		switch key {
		case "aws:currenttime":
			at, err := time.Parse(time.RFC3339, v)
			order := req.At.Truncate(time.Second).Compare(at)
			if err == nil && map[string]bool{
				"DateGreaterThan": order > 0, "DateGreaterThanEquals": order >= 0, "DateLessThan": order < 0, "DateLessThanEquals": order <= 0,
			}[operator] {
				return true
			}
		case "s3:prefix":
			if operator == "StringLike" && pattern(v, "(?s)").MatchString(req.Prefix) || operator == "StringEquals" && v == req.Prefix {
				return true
			}
		}
	}
	return false
}

func anyMatch(list []string, text, flags string) bool {
	for _, p := range list {
		if pattern(p, flags).MatchString(text) {
			return true
		}
	}
	return false
}

// patterns that have been read.
var patterns sync.Map

// pattern is IAM's, where a star is any text and a question mark any one character.
func pattern(text, flags string) *regexp.Regexp {
	if read, there := patterns.Load(flags + text); there {
		return read.(*regexp.Regexp) //nolint:forcetypeassert // nothing else is stored
	}
	quoted := regexp.QuoteMeta(text)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
	read := regexp.MustCompile(flags + "^" + quoted + "$")
	patterns.Store(flags+text, read)
	return read
}
