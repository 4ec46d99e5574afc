package objectstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
)

const (
	// PolicyLimit is the most bytes that the policies of one account may have together: versitygw refuses more, by
	// MaxInlinePolicyBytesPerUser of its iamapi/storage.
	PolicyLimit = 2048
	// accountPrefix and a person's slug make the name of their account.
	accountPrefix = "atoll-person-"
	// arn precedes a bucket, or a bucket and a key.
	arn = "arn:aws:s3:::"
	// instant is how a policy states a time. The store compares whole seconds.
	instant = "2006-01-02T15:04:05Z"
)

// words are the store's for an action on objects; List is one on the bucket.
var words = map[grant.Action][]string{
	grant.Read:   {"s3:GetObject"},
	grant.List:   {"s3:ListBucket"},
	grant.Write:  {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"},
	grant.Delete: {"s3:DeleteObject"},
}

// Account is the name of the account that is a person's.
func Account(user string) string { return AccountOf(person.Slug(user)) }

// AccountOf is Account by the part of names that is the person's.
func AccountOf(slug string) string { return accountPrefix + slug }

// Personal says whether the name is one of a person's account.
func Personal(account string) bool { return strings.HasPrefix(account, accountPrefix) }

// TooLargeError says that what somebody is granted does not fit into the policy of an account.
type TooLargeError struct {
	Bytes, Statements int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the policy would have %d bytes in %d statements, and the object store takes %d for one person: "+
		"let grants share a window or a prefix, or end some", e.Bytes, e.Statements, PolicyLimit)
}

// statement of a policy. The order of the fields is the order in which they are written.
type statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Compile writes what one person is granted as the policy of their account; empty where nothing is. Each statement has the window
// as literal times, so that access ends by the store's own clock. Who the atoms reach is not looked at: they are taken to
// reach the person. What the store could not say is an error, and nothing is widened.
func Compile(atoms []grant.Atom) (string, error) {
	grouped := map[string]*statement{}
	for _, a := range united(atoms) {
		o := a.Selector.Objects
		if o == nil || a.Selector.Part != nil || words[a.Action] == nil {
			return "", fmt.Errorf("the object store knows no %s of %+v", a.Action, a.Selector)
		}
		if err := expressible(*o, a.Window); err != nil {
			return "", err
		}
		from, until := a.Window.From.UTC().Format(instant), a.Window.Until.UTC().Format(instant)
		s := &statement{Effect: "Allow", Condition: map[string]map[string][]string{
			"DateGreaterThanEquals": {"aws:CurrentTime": {from}},
			"DateLessThan":          {"aws:CurrentTime": {until}},
		}}
		key := from + until
		if a.Action == grant.List {
			s.Resource = []string{arn + o.Bucket}
			key += "list" + o.Bucket
			if o.Prefix == "" {
				key += "/"
			} else {
				s.Condition["StringLike"] = map[string][]string{"s3:prefix": nil}
			}
		} else {
			key += "objects" + o.Bucket + "/" + o.Prefix
		}
		if grouped[key] == nil {
			grouped[key] = s
		}
		s = grouped[key]
		s.Action = append(s.Action, words[a.Action]...)
		if a.Action != grant.List {
			s.Resource = []string{arn + o.Bucket + "/" + o.Prefix + "*"}
		} else if o.Prefix != "" {
			s.Condition["StringLike"]["s3:prefix"] = append(s.Condition["StringLike"]["s3:prefix"], o.Prefix+"*")
		}
	}
	return write(grouped)
}

// write is the policy of the statements, those alike in all but their resources put together.
func write(grouped map[string]*statement) (string, error) {
	if len(grouped) == 0 {
		return "", nil
	}
	var list []*statement
	byRest := map[string]*statement{}
	for _, key := range sortedKeys(grouped) {
		s := grouped[key]
		slices.Sort(s.Action)
		s.Action = slices.Compact(s.Action)
		rest, err := json.Marshal(statement{Action: s.Action, Condition: s.Condition})
		if err != nil {
			return "", fmt.Errorf("writing a policy: %w", err)
		}
		if same := byRest[string(rest)]; same != nil {
			same.Resource = append(same.Resource, s.Resource...)
			continue
		}
		byRest[string(rest)] = s
		list = append(list, s)
	}
	raw, err := json.Marshal(struct {
		Version   string
		Statement []*statement
	}{"2012-10-17", list})
	if err != nil {
		return "", fmt.Errorf("writing a policy: %w", err)
	}
	if len(raw) > PolicyLimit {
		return "", &TooLargeError{Bytes: len(raw), Statements: len(list)}
	}
	return string(raw), nil
}

// expressible is an error where the store would read something else than what is meant.
func expressible(o grant.Objects, w grant.Window) error {
	if strings.ContainsAny(o.Bucket+o.Prefix, "*?$\"\\") || o.Bucket == "" || o.Prefix != "" && !strings.HasSuffix(o.Prefix, "/") {
		return fmt.Errorf("the object store would read %q of bucket %q as something else", o.Prefix, o.Bucket)
	}
	if w.From.Nanosecond() != 0 || w.Until.Nanosecond() != 0 {
		return fmt.Errorf("the object store compares whole seconds, and the window is %s to %s", w.From, w.Until)
	}
	if w.From.Year() < 1 || w.Until.Year() > 9999 {
		return fmt.Errorf("the window %s to %s has no form that the object store reads", w.From, w.Until)
	}
	return nil
}

// united are the atoms by what they allow alone: without grants and subjects, windows that touch joined, and without what another
// allows anyway.
func united(atoms []grant.Atom) []grant.Atom {
	plain := make([]grant.Atom, 0, len(atoms))
	for _, a := range atoms {
		a.Grant, a.Subject = "", grant.Subject{}
		plain = append(plain, a)
	}
	plain = grant.Normal(plain)
	var out []grant.Atom
	for i, a := range plain {
		others := append(slices.Clone(out), plain[i+1:]...)
		if len(grant.Subtract([]grant.Atom{a}, others)) > 0 {
			out = append(out, a)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// forever is the window of a policy that states none.
var forever = grant.Window{Until: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
