package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

// FuzzPieces reads anything as a policy: it is somebody else's, or it is to the letter what its pieces are written as.
func FuzzPieces(f *testing.F) {
	language := policy.Language{Partition: "aws"}
	from, until := "2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z"
	f.Add(language.Document([]policy.Piece{
		{From: from, Until: until, Actions: "s3:GetObject", Bucket: "lake", Prefix: "a/"},
		{From: from, Until: until, Actions: "s3:GetObject", Bucket: "lake"},
		{From: from, Until: until, Actions: "s3:ListBucket", Bucket: "lake", Prefix: "a/"},
		{From: from, Until: until, Actions: "s3:ListBucket", Bucket: "lake"},
	}))
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]}`)
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"s3:GetObject","Resource":"arn:aws:s3:::lake/*"}]}`)
	f.Add(`{"Statement":[{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::lake/a/*"],"Condition":{"DateLessThan":{"aws:CurrentTime":"2027-03-01T08:00:00Z"}}}]}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, document string) {
		pieces, ours := language.Pieces(document)
		if !ours {
			return
		}
		if again := language.Document(pieces); again != document {
			t.Errorf("taken for our own:\n%s\nand written as\n%s", document, again)
		}
		// What is taken for our own states a window in every statement.
		if n := strings.Count(document, `"Effect":"Allow"`); strings.Count(document, "DateLessThan") < n || strings.Count(document, "DateGreaterThanEquals") < n {
			t.Errorf("taken for our own without a window: %s", document)
		}
	})
}

// FuzzCompile grants anything: it is refused, or what was written is read back as what was meant.
func FuzzCompile(f *testing.F) {
	f.Add("lake", "a/", int64(1_800_000_000), uint32(3600), byte(0), "lake", "a/b/", int64(1_800_000_100), uint32(60), byte(1))
	f.Add("lake", "", int64(0), uint32(1), byte(2), "", "x", int64(-1), uint32(0), byte(3))
	f.Add(`la"ke`, "a*/", int64(253_402_300_799), uint32(1), byte(3), "lake-2", "é/", int64(1), uint32(1), byte(0))
	language := policy.Language{Partition: "aws-cn"}
	actions := []grant.Action{grant.Read, grant.List, grant.Write, grant.Delete}
	f.Fuzz(func(t *testing.T, bucket1, prefix1 string, from1 int64, lasts1 uint32, action1 byte, bucket2, prefix2 string, from2 int64, lasts2 uint32, action2 byte) {
		atom := func(bucket, prefix string, from int64, lasts uint32, action byte) grant.Atom {
			at := time.Unix(from, 0)
			return grant.Atom{
				Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: actions[action%4], Grant: "g",
				Selector: grant.Selector{Objects: &grant.Objects{Bucket: bucket, Prefix: prefix}},
				Window:   grant.Window{From: at, Until: at.Add(time.Duration(lasts) * time.Second)},
			}
		}
		pieces, err := policy.Compile([]grant.Atom{atom(bucket1, prefix1, from1, lasts1, action1), atom(bucket2, prefix2, from2, lasts2, action2)})
		if err != nil {
			return
		}
		document := language.Document(pieces)
		back, ours := language.Pieces(document)
		if !ours {
			t.Fatalf("what was written is taken for somebody else's: %s", document)
		}
		// In another order where statements share their places, and twice never.
		if again := language.Document(back); again != document {
			t.Errorf("read back, it is written as\n%s\nand was\n%s", again, document)
		}
		if diff := cmp.Diff(len(pieces), len(back)); diff != "" {
			t.Errorf("pieces (-written +read):\n%s\nof %s", diff, document)
		}
	})
}
