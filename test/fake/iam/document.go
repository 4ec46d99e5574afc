package iam

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// document is a policy as IAM reads it.
type document struct {
	Version   string
	ID        string `json:"Id"`
	Statement statements
}

type statements []entry

// entry is a statement.
type entry struct {
	Sid, Effect                              string
	Principal, NotPrincipal                  json.RawMessage
	Action, NotAction, Resource, NotResource texts
	Condition                                map[string]map[string]texts
}

// UnmarshalJSON takes one statement or a list of them.
func (s *statements) UnmarshalJSON(raw []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "{") {
		*s = make(statements, 1)
		return strict(raw, &(*s)[0])
	}
	return strict(raw, (*[]entry)(s))
}

// texts is a string or a list of strings.
type texts []string

// UnmarshalJSON takes either.
func (t *texts) UnmarshalJSON(raw []byte) error {
	if strings.HasPrefix(string(raw), `"`) {
		*t = make(texts, 1)
		return json.Unmarshal(raw, &(*t)[0])
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

func strict(raw []byte, into any) error {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

var (
	actionForm   = regexp.MustCompile(`^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$`)
	resourceForm = regexp.MustCompile(`^(\*|arn:[a-z*-]+:[a-z0-9*-]+:[a-z0-9*-]*:([0-9]{12}|\*)?:.+)$`)
)

// operators of conditions that are taken.
var operators = []string{
	"DateGreaterThan", "DateGreaterThanEquals", "DateLessThan", "DateLessThanEquals", "StringEquals", "StringNotEquals", "StringLike",
	"ArnEquals", "ArnLike", "Bool",
}

// valid checks the text of a policy; trust is that of who may take a role on.
func valid(text string, trust bool) *failure {
	malformed := func(why string) *failure { return refuse("MalformedPolicyDocument", "%s", why) }
	var d document
	if err := strict([]byte(text), &d); err != nil {
		return malformed("Syntax errors in policy: " + err.Error())
	}
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" || len(d.Statement) == 0 {
		return malformed("Policy needs a version and a statement.")
	}
	for _, s := range d.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return malformed("Effect is " + s.Effect)
		case len(s.Action)+len(s.NotAction) == 0:
			return malformed("Policy statement must contain actions.")
		case trust == (len(s.Principal) == 0):
			return malformed("A trust policy has principals, and no other policy has.")
		case !trust && len(s.Resource)+len(s.NotResource) == 0:
			return malformed("Policy statement must contain resources.")
		case slices.ContainsFunc(slices.Concat(s.Action, s.NotAction), func(a string) bool { return !actionForm.MatchString(a) }):
			return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		case slices.ContainsFunc(slices.Concat(s.Resource, s.NotResource), func(r string) bool { return !resourceForm.MatchString(r) }):
			return malformed("Resource must be in ARN format or \"*\".")
		}
		for operator, keys := range s.Condition {
			if !slices.Contains(operators, operator) {
				return malformed("Invalid Condition type : " + operator)
			}
			for _, values := range keys {
				if strings.HasPrefix(operator, "Date") && slices.ContainsFunc(values, func(v string) bool { _, err := time.Parse(time.RFC3339, v); return err != nil }) {
					return malformed("A date is malformed.")
				}
			}
		}
	}
	return nil
}
