package s3control

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Grant is one that the instance has.
type Grant struct {
	ID         string `xml:"AccessGrantId"`
	ARN        string `xml:"AccessGrantArn"`
	Location   string `xml:"AccessGrantsLocationId"`
	Permission string `xml:"Permission"`
	Scope      string `xml:"GrantScope"`
	Type       string `xml:"Grantee>GranteeType"`
	Grantee    string `xml:"Grantee>GranteeIdentifier"`
	SubPrefix  string `xml:"AccessGrantsLocationConfiguration>S3SubPrefix"`
}

func (g Grant) line(doing string) string {
	return doing + " " + g.Permission + " " + g.Scope + " " + g.Grantee
}

var (
	roleForm   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$`)
	prefixForm = regexp.MustCompile(`^[a-z0-9][-a-z0-9.]+[a-z0-9]/[^*]*\*?$`)
)

func (s *Server) change(do func(map[string]Grant)) {
	next := map[string]Grant{}
	maps.Copy(next, s.held.Now())
	do(next)
	s.held.Write(next)
}

func (s *Server) create(r *http.Request) (any, *failure) {
	var in struct {
		Grant
		XMLName xml.Name `xml:"CreateAccessGrantRequest"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, refuse(http.StatusBadRequest, "MalformedXML", "%s", err)
	}
	g := in.Grant
	switch {
	case !slices.Contains([]string{"READ", "WRITE", "READWRITE"}, g.Permission) || g.Type != "IAM":
		return nil, refuse(http.StatusBadRequest, "InvalidRequest", "The permission %q or the type of the grantee %q is invalid", g.Permission, g.Type)
	case g.Location != "default":
		return nil, refuse(http.StatusNotFound, "NoSuchAccessGrantsLocation", "The specified access grants location %s does not exist", g.Location)
	case len(g.SubPrefix) > 2000 || !prefixForm.MatchString(g.SubPrefix):
		return nil, refuse(http.StatusBadRequest, "InvalidRequest", "The sub prefix %q is invalid", g.SubPrefix)
	case !roleForm.MatchString(g.Grantee) || s.opts.Known != nil && !s.opts.Known(g.Grantee):
		return nil, refuse(http.StatusBadRequest, "InvalidIamPrincipal", "The IAM principal %s does not exist", g.Grantee)
	}
	g.Scope = "s3://" + g.SubPrefix
	for _, other := range s.held.Now() {
		if other.Scope == g.Scope && other.Grantee == g.Grantee && other.Permission == g.Permission {
			return nil, refuse(http.StatusConflict, "AccessGrantAlreadyExists", "The access grant %s already exists", other.ID)
		}
	}
	if len(s.held.Now()) >= s.opts.Limit {
		return nil, refuse(http.StatusBadRequest, "AccessGrantsLimitExceeded", "The instance has %d grants, as many as it may", s.opts.Limit)
	}
	if s.fail != nil && s.fail(g.line("create")) {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	s.made++
	g.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.made)
	g.ARN = "arn:aws:s3:eu-central-1:" + Account + ":access-grants/default/grant/" + g.ID
	s.change(func(all map[string]Grant) { all[g.ID] = g })
	s.log = append(s.log, g.line("create"))
	return struct {
		Grant
		XMLName xml.Name `xml:"CreateAccessGrantResult"`
	}{Grant: g}, nil
}

func (s *Server) remove(r *http.Request) (any, *failure) {
	g, there := s.held.Now()[r.PathValue("id")]
	if !there {
		return nil, refuse(http.StatusNotFound, "NoSuchAccessGrant", "The specified access grant %s does not exist", r.PathValue("id"))
	}
	if s.fail != nil && s.fail(g.line("delete")) {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	s.change(func(all map[string]Grant) { delete(all, g.ID) })
	s.log = append(s.log, g.line("delete"))
	return nil, nil
}

// list answers in pages.
func (s *Server) list(r *http.Request) (any, *failure) {
	q := r.URL.Query()
	most, err := strconv.Atoi(cmp.Or(q.Get("maxResults"), "1000"))
	if err != nil || most < 0 || most > 1000 {
		return nil, refuse(http.StatusBadRequest, "InvalidRequest", "maxResults is %s", q.Get("maxResults"))
	}
	all := []Grant{}
	for _, g := range s.held.Read() {
		if (q.Get("granteeidentifier") == "" || q.Get("granteeidentifier") == g.Grantee) && (q.Get("grantscope") == "" || q.Get("grantscope") == g.Scope) &&
			(q.Get("permission") == "" || q.Get("permission") == g.Permission) {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b Grant) int { return cmp.Compare(a.ID, b.ID) })
	start, _ := strconv.Atoi(q.Get("nextToken"))
	end := min(start+min(most, 50), len(all)) // A page may be shorter than what was asked for.
	out := struct {
		XMLName xml.Name `xml:"ListAccessGrantsResult"`
		Next    string   `xml:"NextToken,omitempty"`
		List    []Grant  `xml:"AccessGrantsList>AccessGrant"`
	}{List: all[start:end]}
	if end < len(all) {
		out.Next = strconv.Itoa(end)
	}
	return out, nil
}

// words of what credentials allow that are handed out for a permission.
var words = map[string][]string{
	"READ": {"s3:GetObject", "s3:ListBucket"}, "WRITE": {"s3:PutObject", "s3:DeleteObject"},
	"READWRITE": {"s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject"},
}

// HandsOut says whether credentials are handed out to a role for an action on an object, or on the listing of a prefix, as last written.
// It knows no gate: that is IAM's.
func (s *Server) HandsOut(who, action, bucket, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.held.Now() {
		stem, open := strings.CutSuffix(g.Scope, "*")
		at := "s3://" + bucket + "/" + key
		if g.Grantee == who && slices.Contains(words[g.Permission], action) && (at == g.Scope || open && strings.HasPrefix(at, stem)) {
			return true
		}
	}
	return false
}
