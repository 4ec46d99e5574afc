package iam

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writes are the actions that change something. One that fails has changed nothing.
var writes = map[string]func(state, Options, url.Values) (any, *failure){
	"CreateRole": createRole, "DeleteRole": deleteRole,
	"PutRolePolicy": putRolePolicy, "DeleteRolePolicy": deleteRolePolicy,
	"CreatePolicy": createPolicy, "DeletePolicy": deletePolicy,
	"CreatePolicyVersion": createPolicyVersion, "DeletePolicyVersion": deletePolicyVersion,
	"AttachRolePolicy": attachRolePolicy, "DetachRolePolicy": detachRolePolicy,
	"UpdateAssumeRolePolicy": updateTrust, "PutRolePermissionsBoundary": putBoundary,
}

func createRole(s state, opts Options, in url.Values) (any, *failure) {
	name, path, boundary := in.Get("RoleName"), in.Get("Path"), in.Get("PermissionsBoundary")
	if path == "" {
		path = "/"
	}
	switch {
	case !validName(name, nameLimit) || !validPath(path):
		return nil, refuse("ValidationError", "The specified value for roleName or path is invalid: %s%s", path, name)
	case s.roles[name] != nil:
		return nil, refuse("EntityAlreadyExists", "Role with name %s already exists.", name)
	case opts.Boundary != "" && boundary != opts.Boundary:
		return nil, refuse("AccessDenied", "not authorized to perform: iam:CreateRole because no identity-based policy allows it")
	}
	trust := in.Get("AssumeRolePolicyDocument")
	if err := s.trustworthy(trust); err != nil {
		return nil, err
	}
	session, err := longest(in.Get("MaxSessionDuration"))
	if err != nil {
		return nil, err
	}
	description := in.Get("Description")
	if !describes(description) {
		return nil, refuse("ValidationError", "Value at 'description' failed to satisfy constraint: %s", description)
	}
	r := &role{name: name, path: path, trust: trust, boundary: boundary, description: description, session: session, inline: map[string]string{}, tags: map[string]string{}}
	for i := 1; in.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		r.tags[in.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = in.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	s.roles[name] = r
	return roleAnswer{describe(r)}, nil
}

// longest is the longest session of a role, in seconds as it is asked for: an hour where nothing is.
func longest(text string) (time.Duration, *failure) {
	seconds, err := strconv.Atoi(cmp.Or(text, "3600"))
	if err != nil || seconds < 3600 || seconds > 43200 {
		return 0, refuse("ValidationError", "Value '%s' at 'maxSessionDuration' failed to satisfy constraint: between 3600 and 43200", text)
	}
	return time.Duration(seconds) * time.Second, nil
}

// describes says whether IAM takes a description.
func describes(text string) bool {
	odd := func(r rune) bool {
		return r != '\t' && r != '\n' && r != '\r' && (r < ' ' || r > 'ÿ' || r > '~' && r < '¡')
	}
	return len([]rune(text)) <= 1000 && !strings.ContainsFunc(text, odd)
}

func deleteRole(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	if len(r.inline)+len(r.attached) > 0 {
		return nil, refuse("DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	delete(s.roles, r.name)
	return nil, nil
}

func putRolePolicy(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	name, document := in.Get("PolicyName"), in.Get("PolicyDocument")
	if !validName(name, policyName) {
		return nil, refuse("ValidationError", "The specified value for policyName is invalid: %s", name)
	}
	if err := valid(document, false); err != nil {
		return nil, err
	}
	total := size(document)
	for other, text := range r.inline {
		if other != name {
			total += size(text)
		}
	}
	if total > inlineLimit {
		return nil, refuse("LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", inlineLimit, r.name)
	}
	r.inline[name] = document
	return nil, nil
}

func deleteRolePolicy(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	name := in.Get("PolicyName")
	if _, there := r.inline[name]; !there {
		return nil, refuse("NoSuchEntity", "The role policy with name %s cannot be found.", name)
	}
	delete(r.inline, name)
	return nil, nil
}

func createPolicy(s state, _ Options, in url.Values) (any, *failure) {
	name, path, document := in.Get("PolicyName"), in.Get("Path"), in.Get("PolicyDocument")
	if path == "" {
		path = "/"
	}
	if !validName(name, policyName) || !validPath(path) {
		return nil, refuse("ValidationError", "The specified value for policyName or path is invalid: %s%s", path, name)
	}
	if err := fits(document); err != nil {
		return nil, err
	}
	for _, p := range s.policies {
		if p.name == name {
			return nil, refuse("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", name)
		}
	}
	p := &managed{name: name, path: path, versions: map[string]string{"v1": document}, standard: "v1", made: 1}
	arn := "arn:aws:iam::" + Account + ":policy" + path + name
	s.policies[arn] = p
	return policyAnswer{describePolicy(s, arn, p)}, nil
}

// fits checks the text of a managed policy.
func fits(document string) *failure {
	if err := valid(document, false); err != nil {
		return err
	}
	if size(document) > managedLimit {
		return refuse("LimitExceeded", "Cannot exceed quota for PolicySize: %d", managedLimit)
	}
	return nil
}

func deletePolicy(s state, _ Options, in url.Values) (any, *failure) {
	arn := in.Get("PolicyArn")
	p, err := s.policy(arn)
	if err != nil {
		return nil, err
	}
	if s.attachments(arn) > 0 || len(p.versions) > 1 {
		return nil, refuse("DeleteConflict", "Cannot delete a policy attached to entities, or with versions besides the default one.")
	}
	delete(s.policies, arn)
	return nil, nil
}

func createPolicyVersion(s state, _ Options, in url.Values) (any, *failure) {
	p, err := s.policy(in.Get("PolicyArn"))
	if err != nil {
		return nil, err
	}
	if err := fits(in.Get("PolicyDocument")); err != nil {
		return nil, err
	}
	if len(p.versions) == versionsLimit {
		return nil, refuse("LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, you must delete "+
			"an existing version.", versionsLimit)
	}
	p.made++
	id := fmt.Sprintf("v%d", p.made)
	p.versions[id] = in.Get("PolicyDocument")
	if in.Get("SetAsDefault") == "true" {
		p.standard = id
	}
	return versionAnswer{version{ID: id, Default: p.standard == id}}, nil
}

func deletePolicyVersion(s state, _ Options, in url.Values) (any, *failure) {
	p, err := s.policy(in.Get("PolicyArn"))
	if err != nil {
		return nil, err
	}
	id := in.Get("VersionId")
	if _, there := p.versions[id]; !there {
		return nil, refuse("NoSuchEntity", "Policy version %s does not exist.", id)
	}
	if id == p.standard {
		return nil, refuse("DeleteConflict", "Cannot delete the default version of a policy.")
	}
	delete(p.versions, id)
	return nil, nil
}

func attachRolePolicy(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	arn := in.Get("PolicyArn")
	if _, err := s.policy(arn); err != nil {
		return nil, err
	}
	if slices.Contains(r.attached, arn) {
		return nil, nil
	}
	if len(r.attached) == attachedLimit {
		return nil, refuse("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", attachedLimit)
	}
	r.attached = append(r.attached, arn)
	return nil, nil
}

func detachRolePolicy(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.attached, in.Get("PolicyArn"))
	if i < 0 {
		return nil, refuse("NoSuchEntity", "Policy %s was not found.", in.Get("PolicyArn"))
	}
	r.attached = slices.Delete(r.attached, i, i+1)
	return nil, nil
}

func updateTrust(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	if err := s.trustworthy(in.Get("PolicyDocument")); err != nil {
		return nil, err
	}
	r.trust = in.Get("PolicyDocument")
	return nil, nil
}

func putBoundary(s state, _ Options, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	r.boundary = in.Get("PermissionsBoundary")
	return nil, nil
}
