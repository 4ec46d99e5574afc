package iam

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Principal is who asks to take a role on: a session of a role, with its tags.
type Principal struct {
	RoleARN string
	Tags    map[string]string
}

// Assumable says whether somebody may take a role on at a time, and how long its sessions may last. Within one account it takes the
// trust policy to name their role, or to trust the account and their own policies to allow it; their boundary has to let it through in both
// cases, and sessions with tags need the leave to hand them on.
func (s *Server) Assumable(arn string, who Principal, at time.Time) (longest time.Duration, ok bool) {
	s.mu.Lock()
	now, boundary := s.held.Now(), s.opts.BoundaryDocument
	s.mu.Unlock()
	r := now.roles[arn[strings.LastIndex(arn, "/")+1:]]
	if r == nil || r.arn() != arn {
		return 0, false
	}
	actions := []string{"sts:AssumeRole"}
	if len(who.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		req := Request{Action: action, Resource: arn, At: at, Tags: who.Tags}
		named, account := trusts(r.trust, who.RoleARN, req)
		if !named && (!account || !s.Allowed(who.RoleARN[strings.LastIndex(who.RoleARN, "/")+1:], req)) {
			return 0, false
		}
		if boundary != "" && !lets(boundary, req) {
			return 0, false
		}
	}
	return r.session, true
}

// trusts says whether a trust policy lets a request through by the name of the role that asks, or by that of the account.
func trusts(text, roleARN string, req Request) (named, account bool) {
	var d document
	if json.Unmarshal([]byte(text), &d) != nil {
		return false, false
	}
	for _, e := range d.Statement {
		var principal struct{ AWS texts }
		e.Resource = texts{"*"}
		if json.Unmarshal(e.Principal, &principal) != nil || !e.applies(req) {
			continue
		}
		byName, byAccount := slices.Contains(principal.AWS, roleARN), slices.Contains(principal.AWS, "arn:aws:iam::"+Account+":root")
		if e.Effect == "Deny" && (byName || byAccount) {
			return false, false
		}
		named, account = named || byName, account || byAccount
	}
	return named, account
}

// lets says whether one policy by itself lets a request through.
func lets(text string, req Request) bool {
	var d document
	if json.Unmarshal([]byte(text), &d) != nil {
		return false
	}
	allowed := false
	for _, e := range d.Statement {
		if !e.applies(req) {
			continue
		}
		if e.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

// Trust has somebody else change who may take a role on.
func (s *Server) Trust(arn, document string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.held.Now().clone()
	next.roles[arn[strings.LastIndex(arn, "/")+1:]].trust = document
	s.held.Write(next)
}
