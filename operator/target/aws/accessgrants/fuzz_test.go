package accessgrants

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/atoll-platform/atoll/internal/grant"
)

// FuzzScope reads any scope: it is none of ours, or to the letter what grants below its prefix are written as.
func FuzzScope(f *testing.F) {
	for _, scope := range []string{"s3://lake/*", "s3://lake/a/*", "s3://lake/a*", "s3://lake/a", "s3://lake*", "s3://lake-2/a/*", "s3://*", "s3://lake/a/?/*", "*", ""} {
		f.Add(scope)
	}
	s := &Service{opts: Options{Bucket: "lake"}}
	f.Fuzz(func(t *testing.T, scope string) {
		prefix, ours := s.prefix(scope)
		if ours && (scope != "s3://lake/"+prefix+"*" || prefix != "" && !strings.HasSuffix(prefix, "/")) {
			t.Errorf("%q is taken for all below %q", scope, prefix)
		}
		if ours && !s.reaches(scope) {
			t.Errorf("%q is ours, and is said not to reach the bucket", scope)
		}
		// Whatever a scope covers of the bucket, it is looked at.
		stem, open := strings.CutSuffix(scope, "*")
		for _, key := range []string{"s3://lake/x", "s3://lake/a/x", "s3://lake/"} {
			if (open && strings.HasPrefix(key, stem) || key == scope) && !s.reaches(scope) {
				t.Errorf("%q covers %s, and is not looked at", scope, key)
			}
		}
	})
}

// FuzzCompile grants anything: it is refused, or what was written is read back as what was meant.
func FuzzCompile(f *testing.F) {
	f.Add("a/", "a/b/", byte(0b1111), byte(0b0011))
	f.Add("", "é/", byte(0b0011), byte(0b1100))
	f.Add("a", "a*/", byte(0b0001), byte(0b0000))
	actions := []grant.Action{grant.Read, grant.List, grant.Write, grant.Delete}
	f.Fuzz(func(t *testing.T, prefix1, prefix2 string, actions1, actions2 byte) {
		window := grant.Window{Until: time.Unix(1, 0)}
		var meant []grant.Atom
		for i, action := range actions {
			for prefix, set := range map[string]byte{prefix1: actions1, prefix2: actions2} {
				if set>>i&1 == 1 {
					meant = append(meant, grant.Atom{Action: action, Selector: grant.Selector{Objects: &grant.Objects{Bucket: "lake", Prefix: prefix}}, Window: window})
				}
			}
		}
		permissions, err := compile(meant)
		if err != nil {
			return
		}
		var back []grant.Atom
		for _, p := range permissions {
			given, err := atoms("lake", p)
			if err != nil {
				t.Fatalf("%s was written and cannot be read: %v", p, err)
			}
			for _, a := range given {
				a.Window = window
				back = append(back, a)
			}
		}
		if !grant.Same(meant, back) {
			t.Errorf("meant was %+v, and read back is %+v", meant, back)
		}
	})
}

// FuzzAtoms reads any permission: words that no grant is written as are refused.
func FuzzAtoms(f *testing.F) {
	for _, word := range []string{"READ", "WRITE", "READWRITE", "read", "ALL", ""} {
		f.Add(word, "a/")
	}
	f.Fuzz(func(t *testing.T, word, prefix string) {
		given, err := atoms("lake", Permission{types.Permission(word), prefix})
		if known := word == "READ" || word == "WRITE" || word == "READWRITE"; known != (err == nil) || known != (len(given) > 0) {
			t.Errorf("%q is read as %+v, %v", word, given, err)
		}
	})
}
