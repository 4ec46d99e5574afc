package iam

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Limits of AWS, by its default quotas.
const (
	inlineLimit   = 10240
	managedLimit  = 6144
	attachedLimit = 10
	versionsLimit = 5
	nameLimit     = 64
	policyName    = 128
)

// state is everything there is in the account.
type state struct {
	roles    map[string]*role
	policies map[string]*managed
}

type role struct {
	name, path, trust, boundary string
	description                 string
	// session is the longest that a session of the role lasts.
	session  time.Duration
	tags     map[string]string
	inline   map[string]string
	attached []string
}

type managed struct {
	name, path string
	// versions by their ids v1, v2, ...; standard is the one in force.
	versions map[string]string
	standard string
	made     int
}

func (s state) clone() state {
	next := state{roles: map[string]*role{}, policies: map[string]*managed{}}
	for name, r := range s.roles {
		c := *r
		c.inline, c.tags, c.attached = maps.Clone(r.inline), maps.Clone(r.tags), slices.Clone(r.attached)
		next.roles[name] = &c
	}
	for arn, p := range s.policies {
		c := *p
		c.versions = maps.Clone(p.versions)
		next.policies[arn] = &c
	}
	return next
}

func (r *role) arn() string { return "arn:aws:iam::" + Account + ":role" + r.path + r.name }

// size is how AWS counts a policy: without white space.
func size(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func (s state) role(name string) (*role, *failure) {
	if r := s.roles[name]; r != nil {
		return r, nil
	}
	return nil, refuse("NoSuchEntity", "The role with name %s cannot be found.", name)
}

func (s state) policy(arn string) (*managed, *failure) {
	if p := s.policies[arn]; p != nil {
		return p, nil
	}
	return nil, refuse("NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
}

// attachments are the roles that have the policy.
func (s state) attachments(arn string) (n int) {
	for _, r := range s.roles {
		if slices.Contains(r.attached, arn) {
			n++
		}
	}
	return n
}

// validName says whether IAM takes a name of at most so many characters.
func validName(name string, limit int) bool {
	return name != "" && len(name) <= limit && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-") == ""
}

func validPath(path string) bool {
	return strings.HasPrefix(path, "/") && strings.HasSuffix(path, "/") && len(path) <= 512
}

// trustworthy checks the text of a trust policy. Roles that it names must be there.
func (s state) trustworthy(text string) *failure {
	if err := valid(text, true); err != nil {
		return err
	}
	for _, arn := range roleARN.FindAllString(text, -1) {
		if !s.has(arn) {
			return refuse("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"%s\"", arn)
		}
	}
	return nil
}

// roleARN is how roles are named in the principals of a policy.
var roleARN = regexp.MustCompile(`arn:aws:iam::[0-9]{12}:role/[^"*]+`)

func (s state) has(arn string) bool {
	for _, r := range s.roles {
		if r.arn() == arn {
			return true
		}
	}
	return false
}

// Known says whether there is such a role, as far as other services have heard.
func (s *Server) Known(arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.Read().has(arn)
}

// Roles are the ARNs of the roles below a path, as last written.
func (s *Server) Roles(path string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.held.Now().roles {
		if strings.HasPrefix(r.path, path) {
			all = append(all, r.arn())
		}
	}
	slices.Sort(all)
	return all
}
