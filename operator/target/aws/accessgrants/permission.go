package accessgrants

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/atoll-platform/atoll/internal/grant"
)

// prefixLimit is the longest part of a bucket that a grant names, with the bucket.
const prefixLimit = 2000

// Permission is one thing that may be done below a prefix. It is empty or ends in a slash.
type Permission struct {
	Word   types.Permission
	Prefix string
}

func (p Permission) String() string { return string(p.Word) + " below /" + p.Prefix }

// pairs are the actions that go together: who reads also lists, and who writes also deletes.
var pairs = map[types.Permission][2]grant.Action{
	types.PermissionRead: {grant.Read, grant.List}, types.PermissionWrite: {grant.Write, grant.Delete},
}

// compile says in the words of S3 Access Grants what the atoms allow. What it could not say is an error, and nothing is widened.
func compile(atoms []grant.Atom) ([]Permission, error) {
	prefixes := map[grant.Action][]string{}
	for _, a := range atoms {
		o := a.Selector.Objects
		odd := func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("*?", r) }
		if strings.ContainsFunc(o.Prefix, odd) || o.Prefix != "" && !strings.HasSuffix(o.Prefix, "/") {
			return nil, fmt.Errorf("S3 Access Grants would read the prefix %q as something else", o.Prefix)
		}
		if n := len(o.Bucket + "/" + o.Prefix + "*"); n > prefixLimit {
			return nil, fmt.Errorf("S3 Access Grants takes %d characters of bucket and prefix, and these are %d", prefixLimit, n)
		}
		prefixes[a.Action] = append(prefixes[a.Action], o.Prefix)
	}
	var all []Permission
	for _, word := range []types.Permission{types.PermissionRead, types.PermissionWrite} {
		pair := pairs[word]
		for i, action := range pair {
			other := pair[1-i]
			for _, prefix := range prefixes[action] {
				if !slices.ContainsFunc(prefixes[other], func(p string) bool { return strings.HasPrefix(prefix, p) }) {
					return nil, fmt.Errorf("S3 Access Grants gives %s and %s together, and below /%s %s alone is granted: grant both in the same window, or neither",
						pair[0], pair[1], prefix, action)
				}
				if p := (Permission{word, prefix}); !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	return all, nil
}

// atoms is the other way round.
func atoms(bucket string, p Permission) (all []grant.Atom, err error) {
	words := []types.Permission{p.Word}
	if p.Word == types.PermissionReadwrite {
		words = []types.Permission{types.PermissionRead, types.PermissionWrite}
	}
	for _, word := range words {
		pair, known := pairs[word]
		if !known {
			return nil, fmt.Errorf("%s: no grant gives that", p)
		}
		for _, action := range pair {
			all = append(all, grant.Atom{Action: action, Selector: grant.Selector{Objects: &grant.Objects{Bucket: bucket, Prefix: p.Prefix}}})
		}
	}
	return all, nil
}

// shares says whether there is anything that both permissions allow.
func shares(a, b Permission) bool {
	return (a.Word == b.Word || a.Word == types.PermissionReadwrite || b.Word == types.PermissionReadwrite) &&
		(strings.HasPrefix(a.Prefix, b.Prefix) || strings.HasPrefix(b.Prefix, a.Prefix))
}
