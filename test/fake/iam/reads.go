package iam

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// reads are the actions that only look. Lists come in pages, as in AWS.
var reads = map[string]func(state, url.Values) (any, *failure){
	"GetRole": getRole, "ListRoles": listRoles, "GetRolePolicy": getRolePolicy, "ListRolePolicies": listRolePolicies,
	"GetPolicy": getPolicy, "GetPolicyVersion": getPolicyVersion, "ListPolicyVersions": listPolicyVersions,
	"ListAttachedRolePolicies": listAttached,
}

type (
	roleAnswer struct {
		Role roleView
	}
	roleView struct {
		Path, RoleName, Arn, AssumeRolePolicyDocument string
		Description                                   string `xml:",omitempty"`
		// CreateDate never changes here.
		CreateDate string
		Boundary   *boundaryView `xml:"PermissionsBoundary,omitempty"`
	}
	boundaryView struct {
		PermissionsBoundaryType, PermissionsBoundaryArn string
	}
	policyAnswer struct {
		Policy policyView
	}
	policyView struct {
		PolicyName, Arn, Path, DefaultVersionId string //nolint:revive // the element's name
		AttachmentCount                         int
	}
	versionAnswer struct {
		PolicyVersion version
	}
	version struct {
		ID       string `xml:"VersionId"`
		Default  bool   `xml:"IsDefaultVersion"`
		Document string `xml:",omitempty"`
	}
	page struct {
		IsTruncated bool
		Marker      string `xml:",omitempty"`
	}
	attachedView struct{ PolicyName, PolicyArn string }
)

func describe(r *role) roleView {
	v := roleView{Path: r.path, RoleName: r.name, Arn: r.arn(), Description: r.description, AssumeRolePolicyDocument: url.QueryEscape(r.trust), CreateDate: "2026-01-01T00:00:00Z"}
	v.AssumeRolePolicyDocument = strings.ReplaceAll(v.AssumeRolePolicyDocument, "+", "%20")
	if r.boundary != "" {
		v.Boundary = &boundaryView{"Policy", r.boundary}
	}
	return v
}

func describePolicy(s state, arn string, p *managed) policyView {
	return policyView{PolicyName: p.name, Arn: arn, Path: p.path, DefaultVersionId: p.standard, AttachmentCount: s.attachments(arn)}
}

// escape is how IAM answers with documents.
func escape(document string) string { return strings.ReplaceAll(url.QueryEscape(document), "+", "%20") }

// cut is the page of a list that a request asks for, at most 100 long.
func cut[T any](list []T, in url.Values) ([]T, page, *failure) {
	most, start := 100, 0
	if text := in.Get("MaxItems"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return nil, page{}, refuse("ValidationError", "MaxItems is %s", text)
		}
		most = min(most, n)
	}
	if text := in.Get("Marker"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, page{}, refuse("ValidationError", "Marker is %s", text)
		}
		start = min(n, len(list))
	}
	end := min(start+most, len(list))
	if end < len(list) {
		return list[start:end], page{IsTruncated: true, Marker: strconv.Itoa(end)}, nil
	}
	return list[start:end], page{}, nil
}

func getRole(s state, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	return roleAnswer{describe(r)}, nil
}

func listRoles(s state, in url.Values) (any, *failure) {
	var all []roleView
	for _, r := range s.roles {
		if strings.HasPrefix(r.path, cmp.Or(in.Get("PathPrefix"), "/")) {
			v := describe(r)
			v.Boundary = nil // AWS leaves it out of lists.
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b roleView) int { return cmp.Compare(a.RoleName, b.RoleName) })
	list, more, err := cut(all, in)
	return struct {
		Roles []roleView `xml:"Roles>member"`
		page
	}{list, more}, err
}

func getRolePolicy(s state, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	document, there := r.inline[in.Get("PolicyName")]
	if !there {
		return nil, refuse("NoSuchEntity", "The role policy with name %s cannot be found.", in.Get("PolicyName"))
	}
	return struct{ RoleName, PolicyName, PolicyDocument string }{r.name, in.Get("PolicyName"), escape(document)}, nil
}

func listRolePolicies(s state, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	list, more, err := cut(slices.Sorted(maps.Keys(r.inline)), in)
	return struct {
		PolicyNames []string `xml:"PolicyNames>member"`
		page
	}{list, more}, err
}

func getPolicy(s state, in url.Values) (any, *failure) {
	p, err := s.policy(in.Get("PolicyArn"))
	if err != nil {
		return nil, err
	}
	return policyAnswer{describePolicy(s, in.Get("PolicyArn"), p)}, nil
}

func getPolicyVersion(s state, in url.Values) (any, *failure) {
	p, err := s.policy(in.Get("PolicyArn"))
	if err != nil {
		return nil, err
	}
	id := in.Get("VersionId")
	document, there := p.versions[id]
	if !there {
		return nil, refuse("NoSuchEntity", "Policy version %s does not exist.", id)
	}
	return versionAnswer{version{ID: id, Default: id == p.standard, Document: escape(document)}}, nil
}

func listPolicyVersions(s state, in url.Values) (any, *failure) {
	p, err := s.policy(in.Get("PolicyArn"))
	if err != nil {
		return nil, err
	}
	var all []version
	for id := range p.versions {
		all = append(all, version{ID: id, Default: id == p.standard})
	}
	slices.SortFunc(all, func(a, b version) int { return cmp.Or(cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID)) })
	list, more, err := cut(all, in)
	return struct {
		Versions []version `xml:"Versions>member"`
		page
	}{list, more}, err
}

func listAttached(s state, in url.Values) (any, *failure) {
	r, err := s.role(in.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	var all []attachedView
	for _, arn := range r.attached {
		all = append(all, attachedView{arn[strings.LastIndex(arn, "/")+1:], arn})
	}
	list, more, err := cut(all, in)
	return struct {
		AttachedPolicies []attachedView `xml:"AttachedPolicies>member"`
		page
	}{list, more}, err
}
