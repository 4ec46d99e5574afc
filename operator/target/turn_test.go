package target_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
)

var begin = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

func atoms(name string, subject grant.Subject) []grant.Atom {
	return []grant.Atom{{
		Subject: subject, Action: grant.Read, Grant: name, Window: grant.Window{From: begin, Until: begin.Add(time.Hour)},
		Selector: grant.Selector{Objects: &grant.Objects{Bucket: "lake", Prefix: name + "/"}},
	}}
}

func user(name string) grant.Subject { return grant.Subject{Kind: grant.User, Name: name} }

// TestGive has a slow target given what is granted while a grant ends: what it was given last is what is granted at last.
func TestGive(t *testing.T) {
	b := target.NewBook()
	b.Put("stays", atoms("stays", user("ada")))
	b.Put("ends", atoms("ends", user("Ada")))
	var has []string
	begun, goOn := make(chan struct{}), make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		_ = b.Give([]string{"Ada", "bob"}, begin, func(a target.Access) error {
			close(begun)
			<-goOn
			has = grant.Names(a["ada"])
			return nil
		})
	})
	<-begun
	both.Go(func() {
		b.Remove("ends")
		_ = b.Give([]string{"bob", "ada"}, begin, func(a target.Access) error {
			has = grant.Names(a["ada"])
			return nil
		})
	})
	time.AfterFunc(100*time.Millisecond, func() { close(goOn) })
	both.Wait()
	if fmt.Sprint(has) != "[stays]" {
		t.Errorf("the target has %v at last", has)
	}
}

func TestReserved(t *testing.T) {
	b := target.NewBook()
	b.Put("old", atoms("old", user("ada")))
	b.Reserve("new", atoms("new", user("ada")))
	names := func() string { return fmt.Sprint(grant.Names(b.Access([]string{"ada"}, begin)["ada"])) }
	if names() != "[old]" || !b.Entered("new") || !b.Has("new", atoms("new", user("ada"))) {
		t.Errorf("a grant that is reserved: %s", names())
	}
	if all := b.AccessWith([]string{"ada"}, begin, atoms("more", user("ADA")))["ada"]; len(all) != 3 {
		t.Errorf("there is to be room for %v", all)
	}
	b.Release("new")
	if names() != "[new old]" {
		t.Errorf("a grant that is released: %s", names())
	}
	b.Reserve("new", atoms("new", user("ada")))
	b.Remove("new")
	b.Put("new", atoms("new", user("ada")))
	if names() != "[new old]" {
		t.Errorf("a grant that was reserved, removed and entered: %s", names())
	}
}

func TestGroups(t *testing.T) {
	b := target.NewBook()
	analysts := grant.Subject{Kind: grant.Group, Name: "analysts"}
	desk := grant.Subject{Kind: grant.Workspace, Name: "desk"}
	b.Put("g", atoms("g", analysts))
	b.Put("w", atoms("w", desk))
	b.Workspace("desk", []string{"wendy"}, []string{"traders"})
	got := func(person string) string { return fmt.Sprint(grant.Names(b.Access([]string{person}, begin)[person])) }
	for _, step := range []struct {
		do         func()
		gus, wendy string
		everybody  string
	}{
		{func() {}, "[]", "[w]", "[wendy]"},
		{func() { b.SetGroups("Gus", []string{"analysts", "traders"}) }, "[g w]", "[w]", "[gus wendy]"},
		{func() { b.SetGroups("gus", []string{"traders"}) }, "[w]", "[w]", "[gus wendy]"},
		{func() { b.Workspace("desk", nil, []string{"traders"}) }, "[w]", "[]", "[gus]"},
		{func() { b.Workspace("desk", nil, []string{"others"}) }, "[]", "[]", "[]"},
		{func() { b.SetGroups("gus", []string{"others", "analysts"}) }, "[g w]", "[]", "[gus]"},
		{func() { b.Workspace("desk", nil, nil) }, "[g]", "[]", "[gus]"},
		{func() { b.SetGroups("gus", nil) }, "[]", "[]", "[]"},
	} {
		step.do()
		if got("gus") != step.gus || got("wendy") != step.wendy || fmt.Sprint(b.Everybody()) != step.everybody {
			t.Errorf("gus %s, wendy %s, everybody %v; want %+v", got("gus"), got("wendy"), b.Everybody(), step)
		}
		// Whom a subject reaches, and by what somebody is reached, is the same.
		for _, s := range []grant.Subject{analysts, desk} {
			people, _ := b.Of(s)
			for _, p := range []string{"gus", "wendy"} {
				name := map[grant.Subject]string{analysts: "g", desk: "w"}[s]
				in := fmt.Sprint(people) == fmt.Sprintf("[%s]", p) || fmt.Sprint(people) == "[gus wendy]"
				has := got(p) == fmt.Sprintf("[%s]", name) || got(p) == "[g w]"
				if in != has {
					t.Errorf("%s reaches %v, and %s has %s", s, people, p, got(p))
				}
			}
		}
	}
}

// TestGiverServesThoseWhoWaitAtOnce has a slow target, and several who wait for it with more and more granted.
func TestGiverServesThoseWhoWaitAtOnce(t *testing.T) {
	b := target.NewBook()
	begun, goOn := make(chan struct{}), make(chan struct{})
	var given []string
	g := target.NewGiver(b, testclock.NewFakePassiveClock(begin), func(_ context.Context, a target.Access) error {
		if given = append(given, fmt.Sprint(grant.Names(a["ada"]))); len(given) == 1 {
			close(begun)
			<-goOn
		}
		if len(given) == 2 {
			return errTarget
		}
		return nil
	})
	var all sync.WaitGroup
	give := func(name, person string, want error) {
		b.Put(name, atoms(name, user("ada")))
		all.Go(func() {
			if err := g.Give(t.Context(), []string{person}); !errors.Is(err, want) {
				t.Errorf("giving %s ended with %v, want %v", name, err, want)
			}
		})
	}
	give("a", "ada", nil)
	<-begun
	for i, name := range []string{"b", "c", "d"} {
		give(name, []string{"ada", "Ada"}[i%2], errTarget)
	}
	for deadline := time.Now().Add(time.Minute); g.Waiting() < 3; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait, want 3", g.Waiting())
		}
	}
	close(goOn)
	all.Wait()
	if fmt.Sprint(given) != "[[a] [a b c d]]" {
		t.Errorf("the target was given %v", given)
	}
	// Nobody waits any more, and what comes now is given anew.
	give("e", "ada", nil)
	all.Wait()
	if len(given) != 3 || given[2] != "[a b c d e]" {
		t.Errorf("the target was given %v", given)
	}
}

var errTarget = errors.New("the target is away")
