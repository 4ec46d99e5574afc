package policy_test

import (
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// TestChangesOpenNoGap changes what somebody is granted over and over while readers ask over HTTP a thousand times a second: what stays is
// never denied, and what is not granted is never allowed. GRANT_TRIALS is for how many seconds.
func TestChangesOpenNoGap(t *testing.T) {
	seconds := 2
	if text := os.Getenv("GRANT_TRIALS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("GRANT_TRIALS is %q: set it to a number, such as 20", text)
		}
	}
	w := newWorld(t)
	secret := grant.Table{Catalog: "memory", Schema: "default", Table: "secret"}
	states := [][]grant.Atom{
		{atom("a")},
		{atom("a"), atom("b", columns("name"))},
		{atom("c", until(end.Add(time.Hour))), atom("d", of(secret), func(a *grant.Atom) { a.Action = grant.Insert })},
		{atom("e"), atom("past", of(secret), func(a *grant.Atom) { a.Window = grant.Window{From: begin.Add(-time.Hour), Until: begin} })},
	}
	w.push(t, policy.Push{}, states[0]...)
	server := httptest.NewServer(policy.Handler(w.Point, zap.NewNop()))
	defer server.Close()
	stop, changed := make(chan struct{}), make(chan int)
	go func() {
		changes := 0
		defer func() { changed <- changes }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			changes++
			change := whole(policy.Push{}, states[changes%len(states)])
			if changes%2 == 0 {
				change.Base = w.Status().Digest
			}
			if _, err := w.Push(change); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	c, err := dial(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	stays, never := asked(people), asked(secret)
	var late []time.Duration
	reads, gaps, widenings := 0, 0, 0
	begun := time.Now()
	for due := begun; due.Sub(begun) < time.Duration(seconds)*time.Second; due = due.Add(time.Millisecond) {
		time.Sleep(time.Until(due))
		late = append(late, time.Since(due))
		for request, want := range map[*[]byte]bool{&stays: true, &never: false} {
			allowed, err := c.ask(*request)
			switch {
			case err != nil:
				t.Fatal(err)
			case want && !allowed:
				gaps++
			case allowed && !want:
				widenings++
			}
		}
		reads++
	}
	rate := float64(reads) / time.Since(begun).Seconds()
	close(stop)
	changes := <-changed
	slices.Sort(late)
	t.Logf("%d changes, %d polls at %.0f a second (late by %s at p50, %s at p99), %d gaps, %d widenings",
		changes, reads, rate, late[len(late)/2], late[len(late)*99/100], gaps, widenings)
	if gaps+widenings > 0 || changes < 4 || reads < 1000 {
		t.Error("a change opens a gap or a widening, or too little was seen")
	}
}

// asked is the request whether ada may read the names in a table.
func asked(table grant.Table) []byte {
	return posted([]byte(`{"input":{"context":{"identity":{"user":"ada"}},"action":{"operation":"SelectFromColumns","resource":{"table":{` +
		`"catalogName":"` + table.Catalog + `","schemaName":"` + table.Schema + `","tableName":"` + table.Table + `","columns":["name"]}}}}}`))
}
