package grants_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// ada is whom every policy is compiled for; half of the grants are other people's, or reach her by a group or a workspace.
var ada = struct {
	name               string
	groups, workspaces []string
}{"ada", []string{"analysts"}, []string{"fraud"}}

var (
	epoch    = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	buckets  = []string{"lake", "lake-2"}
	prefixes = []string{"", "a/", "a/b/", "a/bc/", "ab/", "z=1/"}
	keys     = []string{"x", "a/x", "a/b/x", "a/b/c/x", "a/bc/x", "ab/x", "z=1/x", "a"}
	subjects = []grant.Subject{
		{Kind: grant.User, Name: "ada"},
		{Kind: grant.User, Name: "Ada"},
		{Kind: grant.Group, Name: "analysts"},
		{Kind: grant.Workspace, Name: "fraud"},
		{Kind: grant.User, Name: "eve"},
		{Kind: grant.Group, Name: "others"},
	}
	actions = []grant.Action{grant.Read, grant.List, grant.Write, grant.Delete}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// someGrants are up to four grants of objects, their windows near each other so that edges meet, touch and overlap.
func someGrants(r *rand.Rand) []grant.Atom {
	var all []grant.Atom
	for i := range 1 + r.IntN(4) {
		from := epoch.Add(time.Duration(r.IntN(8)) * time.Second)
		window := grant.Window{From: from, Until: from.Add(time.Duration(1+r.IntN(5)) * time.Second)}
		subject, objects := pick(r, subjects), grant.Objects{Bucket: pick(r, buckets), Prefix: pick(r, prefixes)}
		for _, action := range actions {
			if r.IntN(2) == 0 {
				all = append(all, grant.Atom{
					Subject: subject, Action: action, Selector: grant.Selector{Objects: &objects}, Window: window,
					Grant: fmt.Sprintf("g-%d", i),
				})
			}
		}
	}
	return all
}

// reaching are the atoms that reach ada: what the policy of her account is compiled from.
func reaching(atoms []grant.Atom) []grant.Atom {
	var all []grant.Atom
	for _, a := range atoms {
		if a.Subject.Reaches(ada.name, ada.groups, ada.workspaces) {
			all = append(all, a)
		}
	}
	return all
}

// edges are five instants around the beginning and the end of each window, in whole seconds and next to them.
func edges(atoms []grant.Atom) []time.Time {
	seen := map[time.Time]bool{}
	var all []time.Time
	for _, a := range atoms {
		for _, at := range []time.Time{
			a.Window.From.Add(-1), a.Window.From, a.Window.Until.Add(-1), a.Window.Until, a.Window.Until.Add(1),
			a.Window.From.Add(-time.Second), a.Window.From.Add(1), a.Window.Until.Add(-time.Second),
		} {
			if !seen[at] {
				seen[at] = true
				all = append(all, at)
			}
		}
	}
	return all
}

// request is a question as each evaluator asks it.
type request struct {
	grant.Request
	// Operation, Resource and Context are the same in the words of IAM.
	Operation string            `json:"action"`
	Resource  string            `json:"resource"`
	Context   map[string]string `json:"context"`
}

// other stands for what no grant allows.
const other grant.Action = "Other"

// words are what a client does for each action, one at a time.
var words = map[grant.Action][]string{
	other:      {"s3:GetObjectVersion", "s3:GetBucketPolicy", "s3:ListBucketVersions"},
	grant.Read: {"s3:GetObject"}, grant.List: {"s3:ListBucket"}, grant.Delete: {"s3:DeleteObject"},
	grant.Write: {"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
}

// ask is a question about a key, or about the prefix before its last slash where it is about listing.
func ask(action grant.Action, word, bucket, key string, at time.Time) request {
	r := request{
		Request: grant.Request{
			Person: ada.name, Groups: ada.groups, Workspaces: ada.workspaces, Action: action, Bucket: bucket, Key: key, At: at,
		},
		Operation: word, Resource: "arn:aws:s3:::" + bucket + "/" + key,
		// The gateway states the time in whole seconds, cut off.
		Context: map[string]string{"aws:CurrentTime": at.UTC().Format(time.RFC3339)},
	}
	if word == "s3:GetBucketPolicy" {
		r.Resource = "arn:aws:s3:::" + bucket
	}
	if action == grant.List || word == "s3:ListBucketVersions" {
		r.Key = key[:strings.LastIndex(key, "/")+1]
		r.Resource = "arn:aws:s3:::" + bucket
		if r.Key != "" {
			r.Context["s3:prefix"] = r.Key // The gateway leaves an empty prefix out.
		}
	}
	return r
}

// forms are every action on every key, also in a bucket that nobody is granted.
var forms = func() (all []func(time.Time) request) {
	for _, action := range append([]grant.Action{other}, actions...) {
		for _, word := range words[action] {
			for _, bucket := range append([]string{"lake-3"}, buckets...) {
				for _, key := range keys {
					all = append(all, func(at time.Time) request { return ask(action, word, bucket, key, at) })
				}
			}
		}
	}
	return all
}()

// questions are all forms at every instant. They are made when they are asked for: there are thousands about a few grants.
type questions []time.Time

func (q questions) count() int { return len(q) * len(forms) }

func (q questions) at(i int) request { return forms[i%len(forms)](q[i/len(forms)]) }

// all are the questions, in any order.
func (q questions) all(r *rand.Rand) []request { return q.some(r, q.count()) }

// some are so many of the questions, in any order.
func (q questions) some(r *rand.Rand, most int) []request {
	order := r.Perm(q.count())
	out := make([]request, 0, min(most, len(order)))
	for _, i := range order[:min(most, len(order))] {
		out = append(out, q.at(i))
	}
	return out
}
