package objectstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// trialsVariable says how often what takes time is tried; the record is made with 20 and 50.
const trialsVariable = "GRANT_TRIALS"

func trials(t *testing.T, by int) int {
	t.Helper()
	text := os.Getenv(trialsVariable)
	if text == "" {
		return by
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q: set it to a number of trials, such as 20", trialsVariable, text)
	}
	return n
}

// lake is a store with a bucket, and what grants are written by.
type lake struct {
	store

	grants *objectstore.Grants
}

func startLake(t *testing.T, keys ...string) lake {
	t.Helper()
	l := lake{store: start(t)}
	l.grants = objectstore.NewGrants(l.client)
	if err := l.client.EnsureBucket(t.Context(), "lake"); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if err := put(l.as("root", "secret of root"), "lake", key); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// person gives somebody an account and a key of it.
func (l lake) person(t *testing.T, name string) *s3.Client {
	t.Helper()
	l.sync(t, name, atom("none/", grant.Read, time.Now(), time.Now().Add(time.Hour)))
	id, secret, err := l.client.NewKey(t.Context(), objectstore.Account(name))
	if err != nil {
		t.Fatal(err)
	}
	return l.as(id, secret)
}

func (l lake) sync(t *testing.T, name string, atoms ...grant.Atom) {
	t.Helper()
	if err := l.grants.Sync(t.Context(), target.Access{name: atoms}); err != nil {
		t.Fatal(err)
	}
}

func atom(prefix string, action grant.Action, from, until time.Time) grant.Atom {
	return grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: action, Grant: "g",
		Selector: grant.Selector{Objects: &grant.Objects{Bucket: "lake", Prefix: prefix}},
		Window:   grant.Window{From: from.Truncate(time.Second), Until: until.Truncate(time.Second)},
	}
}

// TestEndsByTheStoresClock has nothing running but the store: access ends at the second that the policy says.
func TestEndsByTheStoresClock(t *testing.T) {
	l := startLake(t, "a/x")
	ada := l.person(t, "ada")
	for range trials(t, 2) {
		end := time.Now().Add(2 * time.Second).Truncate(time.Second)
		l.sync(t, "ada", atom("a/", grant.Read, end.Add(-time.Hour), end))
		var lastAllow, firstDeny time.Time
		for firstDeny.IsZero() {
			asked := time.Now()
			switch err := get(ada, "lake", "a/x"); {
			case err == nil:
				lastAllow = asked
			case denied(err):
				firstDeny = time.Now()
			default:
				t.Fatal(err)
			}
		}
		if lastAllow.IsZero() || !lastAllow.Before(end) || firstDeny.Before(end) || firstDeny.Sub(end) > time.Second {
			t.Errorf("last allowed %s before the end, first denied %s after", end.Sub(lastAllow), firstDeny.Sub(end))
		}
		t.Logf("last allow asked %.1f ms before the end, first deny answered %.1f ms after", ms(end.Sub(lastAllow)), ms(firstDeny.Sub(end)))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// TestRevocationActsOnALiveKey takes a grant away from somebody whose key is in other hands.
func TestRevocationActsOnALiveKey(t *testing.T) {
	l := startLake(t, "a/x")
	ada := l.person(t, "ada")
	var took []time.Duration
	for range trials(t, 5) {
		l.sync(t, "ada", atom("a/", grant.Read, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
		if err := get(ada, "lake", "a/x"); err != nil {
			t.Fatal(err)
		}
		stolen := make(chan time.Time)
		go func() {
			for !denied(get(ada, "lake", "a/x")) {
			}
			stolen <- time.Now()
		}()
		revoked := time.Now()
		l.sync(t, "ada")
		took = append(took, (<-stolen).Sub(revoked))
	}
	slices.Sort(took)
	t.Logf("%d revocations: first denial after p50 %.1f ms, p99 %.1f ms", len(took), ms(took[len(took)/2]), ms(took[len(took)*99/100]))
	if worst := took[len(took)-1]; worst > l.grants.RevocationActsWithin() {
		t.Errorf("one took %s, and %s is promised", worst, l.grants.RevocationActsWithin())
	}
}

// poller asks for one object a thousand times a second where the machine lets it, as somebody with a URL signed before would.
type poller struct {
	url  string
	want int

	mu sync.Mutex
	// late is how far behind its millisecond each question was asked.
	late []time.Duration
	// others are answers that are not wanted.
	others []string
}

func newPoller(t *testing.T, by *s3.Client, key string, want int) *poller {
	t.Helper()
	in := &s3.GetObjectInput{Bucket: aws.String("lake"), Key: aws.String(key)}
	signed, err := s3.NewPresignClient(by).PresignGetObject(t.Context(), in, s3.WithPresignExpires(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return &poller{url: signed.URL, want: want}
}

// poll has several take turns, since an answer takes longer than a millisecond.
func (p *poller) poll(ctx context.Context) {
	const several = 4
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: several}}
	defer client.CloseIdleConnections()
	begin := time.Now()
	var all sync.WaitGroup
	for i := range several {
		all.Go(func() {
			for due := begin.Add(time.Duration(i) * time.Millisecond); ctx.Err() == nil; due = due.Add(several * time.Millisecond) {
				time.Sleep(time.Until(due))
				late := time.Since(due)
				status, err := p.ask(ctx, client)
				if ctx.Err() == nil {
					p.note(late, status, err)
				}
			}
		})
	}
	all.Wait()
}

func (p *poller) note(late time.Duration, status int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = append(p.late, late)
	switch {
	case err != nil:
		p.others = append(p.others, err.Error())
	case status != p.want:
		p.others = append(p.others, http.StatusText(status))
	}
}

func (p *poller) ask(ctx context.Context, client *http.Client) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	// A connection is used again once its answer has been read.
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// TestChangesOpenNoGap changes what somebody is granted over and over while two readers ask a thousand times a second each:
// what stays is never denied, and what is not granted is never allowed. GRANT_TRIALS is for how many seconds.
func TestChangesOpenNoGap(t *testing.T) {
	l := startLake(t, "a/x", "b/x", "c/x")
	ada := l.person(t, "ada")
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	states := [][]grant.Atom{
		{atom("a/", grant.Read, from, until)},
		{atom("a/", grant.Read, from, until), atom("b/", grant.Read, from, until)},
		{atom("a/", grant.Read, from, until.Add(time.Hour)), atom("b/", grant.List, from, until)},
		{atom("a/", grant.Read, from, until.Add(-time.Minute)), atom("a/", grant.Write, from, until)},
	}
	l.sync(t, "ada", states[0]...)
	stays, never := newPoller(t, ada, "a/x", http.StatusOK), newPoller(t, ada, "c/x", http.StatusForbidden)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var readers sync.WaitGroup
	began := time.Now()
	for _, p := range []*poller{stays, never} {
		readers.Go(func() { p.poll(ctx) })
	}
	changes := 0
	for time.Since(began) < time.Duration(trials(t, 2))*time.Second {
		changes++
		l.sync(t, "ada", states[changes%len(states)]...)
		// Readers see what is between two changes, too.
		time.Sleep(50 * time.Millisecond)
	}
	took := time.Since(began)
	stop()
	readers.Wait()
	for _, p := range []*poller{stays, never} {
		slices.Sort(p.late)
		polls := len(p.late)
		t.Logf("%d changes, %d polls at %.0f a second (late by %s at p50, %s at p99) that should be answered with %s, %d were not",
			changes, polls, float64(polls)/took.Seconds(), p.late[polls/2], p.late[polls*99/100], http.StatusText(p.want), len(p.others))
		if len(p.others) > 0 {
			t.Errorf("a change opens a gap or a widening: the first of %d was answered with %s", len(p.others), p.others[0])
		}
		if changes < 4 || polls < 20 {
			t.Error("nothing was seen")
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	good := atom("a/", grant.Read, now, now.Add(time.Hour))
	for name, change := range map[string]func(*grant.Atom){
		"a pattern":           func(a *grant.Atom) { a.Selector.Objects = &grant.Objects{Bucket: "lake", Prefix: "*/"} },
		"a variable":          func(a *grant.Atom) { a.Selector.Objects = &grant.Objects{Bucket: "lake", Prefix: "${aws:username}/"} },
		"half a folder":       func(a *grant.Atom) { a.Selector.Objects = &grant.Objects{Bucket: "lake", Prefix: "a"} },
		"every bucket":        func(a *grant.Atom) { a.Selector.Objects = &grant.Objects{Bucket: "*"} },
		"no bucket":           func(a *grant.Atom) { a.Selector.Objects = &grant.Objects{Prefix: "a/"} },
		"a part of a second":  func(a *grant.Atom) { a.Window.Until = a.Window.Until.Add(time.Millisecond) },
		"a year of five":      func(a *grant.Atom) { a.Window.Until = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"an action of tables": func(a *grant.Atom) { a.Action = grant.Select },
		"a table":             func(a *grant.Atom) { a.Selector = grant.Selector{Part: &grant.Part{}} },
	} {
		a := good
		change(&a)
		if policy, err := objectstore.Compile([]grant.Atom{a}); err == nil {
			t.Errorf("%s was compiled to %s", name, policy)
		}
	}
	var many []grant.Atom
	for i := range 20 {
		many = append(many, atom(fmt.Sprintf("f%d/", i), grant.Read, now, now.Add(time.Duration(i+1)*time.Hour)))
	}
	var tooLarge *objectstore.TooLargeError
	if _, err := objectstore.Compile(many); !errors.As(err, &tooLarge) || !strings.Contains(err.Error(), "2048") {
		t.Errorf("twenty windows: %v", err)
	}
}

// FuzzImport reads any text as a policy: it never fails but by an error, and never finds less than what was compiled.
func FuzzImport(f *testing.F) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	good, err := objectstore.Compile([]grant.Atom{
		atom("a/", grant.Read, now, now.Add(time.Hour)), atom("", grant.List, now, now.Add(time.Hour)),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(`{"Statement":{"Effect":"Allow","NotAction":"s3:GetObject","Resource":"*"}}`)
	f.Add(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::l*/x"],"Condition":{"DateLessThan":{"aws:CurrentTime":"never"}}}]}`)
	f.Fuzz(func(_ *testing.T, policy string) {
		if atoms, err := objectstore.Import(policy, grant.Subject{Kind: grant.User, Name: "ada"}); err == nil {
			grant.Digest(atoms)
		}
	})
}
