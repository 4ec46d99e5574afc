package datagrant_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// hub is who states people's groups.
	hub = "system:serviceaccount:atoll-application:hub"
	// trust is how long they count.
	trust = time.Hour
)

// states has the hub say which groups somebody is in.
func (p *platform) states(user string, confirmed time.Time, groups ...string) {
	p.Helper()
	stated := &v1alpha1.GroupMembership{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "GroupMembership"},
		ObjectMeta: metav1.ObjectMeta{Name: person.Slug(user)},
		Spec:       v1alpha1.GroupMembershipSpec{UserName: v1alpha1.UserName(user), Groups: groups, ConfirmedAt: v1alpha1.At(confirmed)},
	}
	raw, err := json.Marshal(stated)
	if err != nil {
		p.Fatal(err)
	}
	// As the hub does it, with the rights of its chart.
	patch := client.RawPatch(types.ApplyPatchType, raw)
	if err := as(hub).Patch(ctx, stated, patch, client.FieldOwner("atoll-hub"), client.ForceOwnership); err != nil {
		p.Fatal(err)
	}
}

func (p *platform) forgets(user string) {
	p.Helper()
	err := admin.Delete(ctx, &v1alpha1.GroupMembership{ObjectMeta: metav1.ObjectMeta{Name: person.Slug(user)}})
	if client.IgnoreNotFound(err) != nil {
		p.Fatal(err)
	}
}

func (p *platform) toGroup(name string) func(*v1alpha1.DataGrantSpec) {
	return func(s *v1alpha1.DataGrantSpec) {
		s.Subject = v1alpha1.GrantSubject{Kind: v1alpha1.SubjectGroup, Name: name}
	}
}

func testGroups(p *platform) {
	p.dataset("sales", "C2")
	p.put("sales/a")
	p.put("sales/x/a")
	p.workspace("desk", "wendy")
	ws := &v1alpha1.Workspace{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "desk"}, ws); err != nil {
		p.Fatal(err)
	}
	was := ws.DeepCopy()
	ws.Spec.Members = append(ws.Spec.Members, v1alpha1.Member{Kind: v1alpha1.MemberGroup, Name: "traders", Role: v1alpha1.RoleMember})
	if err := admin.Patch(ctx, ws, client.MergeFrom(was)); err != nil {
		p.Fatal(err)
	}
	const gus, eve = "gus.long@example.com", "eve"
	defer p.forgets(gus)
	defer p.forgets(eve)
	p.grant("by-group", "sales", p.toGroup("analysts"))
	p.grant("by-workspace", "sales", func(s *v1alpha1.DataGrantSpec) {
		s.Subject = v1alpha1.GrantSubject{Kind: v1alpha1.SubjectWorkspace, Name: "desk"}
		s.Selector = &v1alpha1.GrantSelector{Prefix: "x/"}
	})
	dg := p.until("by-group", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	if got := dg.Status.Targets[0]; got.Accounts != 0 || got.Message == "" {
		p.Errorf("a group of which nobody is known: %+v", got)
	}
	p.until("by-workspace", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	begun := time.Now()
	p.states(gus, begun.Add(-2*time.Minute), "analysts", "Domain Users")
	p.states(eve, begun.Add(-2*time.Minute), "guests")
	store := p.person(gus)
	p.eventually("who is in the group reads", p.reading(store, "sales/x/a", true))
	p.Logf("read %s after the statement", time.Since(begun))
	if got := p.ledger.last(gus); !slices.Equal(got.Groups, []string{"Domain Users", "analysts"}) {
		p.Errorf("the ledger has %+v", got)
	}
	p.eventually("the status counts who is in the group", func() error {
		if err := admin.Get(ctx, client.ObjectKey{Name: "by-group"}, dg); err != nil || dg.Status.Targets[0].Accounts != 1 {
			return fmt.Errorf("%+v, %w", dg.Status.Targets, err)
		}
		return nil
	})
	// A new operator gives no less for a moment: the reader polls through its start.
	p.stop()
	p.operate()
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
		if !p.reads(store, "sales/a") {
			p.Fatal("the start of an operator takes away what a group gives")
		}
	}
	p.states(gus, begun.Add(-time.Minute), "traders")
	p.eventually("who left the group is denied", p.reading(store, "sales/a", false))
	p.eventually("a workspace lists a group that somebody is in", p.reading(store, "sales/x/a", true))
	p.states(gus, begun, "analysts")
	p.eventually("who came back reads", p.reading(store, "sales/a", true))
	p.forgets(gus)
	p.eventually("of whom nothing is stated is denied", p.reading(store, "sales/a", false))
	if got := p.ledger.last(gus); !got.Gone {
		p.Errorf("the ledger has %+v of somebody whose groups are not known", got)
	}
	// What was stated long ago ends by the operator's clock.
	p.states(gus, time.Now().Add(4*time.Second-trust), "analysts")
	p.eventually("groups count that were confirmed", p.reading(store, "sales/a", true))
	p.eventually("groups that nobody confirms any more count no longer", p.reading(store, "sales/a", false))
	p.eventually("the ledger knows it", func() error {
		if got := p.ledger.last(gus); !got.Gone {
			return fmt.Errorf("it has %+v", got)
		}
		return nil
	})
	p.states(gus, time.Now(), "analysts")
	p.eventually("a confirmation brings it back", p.reading(store, "sales/a", true))
	p.forgets(gus)
	p.eventually("of whom nothing is stated is denied", p.reading(store, "sales/a", false))
	p.states(gus, time.Now().Add(time.Hour), "analysts")
	p.states(eve, time.Now(), "analysts")
	p.eventually("somebody else reads", p.reading(p.person(eve), "sales/a", true))
	if p.reads(store, "sales/a") {
		p.Error("a confirmation from the future counts")
	}
}

// reading says whether a client may read an object, or may not.
func (p *platform) reading(c *s3.Client, key string, want bool) func() error {
	return func() error {
		if p.reads(c, key) != want {
			return fmt.Errorf("it reads %s: %t", key, !want)
		}
		return nil
	}
}

func testStatements(p *platform) {
	defer p.forgets("ada")
	p.states("ada", time.Now(), "analysts")
	stated := func(name, user string, groups ...string) *v1alpha1.GroupMembership {
		return &v1alpha1.GroupMembership{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       v1alpha1.GroupMembershipSpec{UserName: v1alpha1.UserName(user), Groups: groups, ConfirmedAt: v1alpha1.At(time.Now())},
		}
	}
	for _, tt := range []struct {
		who    string
		stated *v1alpha1.GroupMembership
		want   string
	}{
		{hub, stated("bob", "bob", "analysts"), ""},
		{hub, stated("bob", "Bob"), "in lower case"},
		{"", stated("bob", "bob", "analysts"), hub + " alone to say"},
		{"ada", stated("ada-2", "ada-2", "analysts"), "cannot create resource"},
		{"system:serviceaccount:atoll-directory:operator", stated("bob", "bob"), "cannot create resource"},
		{hub, stated("bob", "carl"), "the name is the one that objects of the person carry"},
		{hub, stated("bob", "system:admin"), "system: accounts are none"},
		{hub, stated("bob", "b ob"), "spec.userName"},
		{hub, stated("bob", "bob", ""), "spec.groups[0]"},
		{hub, stated("bob", "bob", strings.Repeat("x", 254)), "spec.groups[0]"},
		{hub, stated("bob", "bob", "a", "a"), "Duplicate value"},
		{hub, &v1alpha1.GroupMembership{ObjectMeta: metav1.ObjectMeta{Name: "bob"}, Spec: v1alpha1.GroupMembershipSpec{UserName: "bob", ConfirmedAt: "today"}}, "spec.confirmedAt"},
	} {
		err := as(tt.who).Create(ctx, tt.stated, client.DryRunAll)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			p.Errorf("%s states %s, %v: %v, want %q", tt.who, tt.stated.Name, tt.stated.Spec, err, tt.want)
		}
	}
	for _, tt := range []struct {
		who    string
		change func(*v1alpha1.GroupMembership)
		want   string
	}{
		{"", func(s *v1alpha1.GroupMembership) { s.Spec.Groups = append(s.Spec.Groups, "board") }, "alone to say"},
		{"", func(s *v1alpha1.GroupMembership) { s.Spec.ConfirmedAt = v1alpha1.At(time.Now().Add(time.Hour)) }, "alone to say"},
		{"", func(s *v1alpha1.GroupMembership) { s.Finalizers = append(s.Finalizers, "foreground.example.com/x") }, ""},
		{hub, func(s *v1alpha1.GroupMembership) { s.Spec.UserName = "Ada" }, "stays that of one person"},
		{hub, func(s *v1alpha1.GroupMembership) { s.Spec.ConfirmedAt = v1alpha1.At(time.Now().Add(-time.Hour)) }, "never goes back"},
		{hub, func(s *v1alpha1.GroupMembership) { s.Spec.Groups = nil }, ""},
	} {
		is := &v1alpha1.GroupMembership{}
		if err := admin.Get(ctx, client.ObjectKey{Name: "ada"}, is); err != nil {
			p.Fatal(err)
		}
		was := is.DeepCopy()
		tt.change(is)
		err := as(tt.who).Patch(ctx, is, client.MergeFrom(was), client.DryRunAll)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			p.Errorf("%s changes it to %v: %v, want %q", tt.who, is.Spec, err, tt.want)
		}
	}
	// One that is named after nobody, or after somebody else, gives nothing to anybody.
	p.dataset("sales", "C2")
	p.put("sales/a")
	p.grant("g", "sales", p.toGroup("board"))
	p.until("g", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	wrong := stated("somebody--12345678", "carl", "board")
	if err := as(hub).Create(ctx, wrong); err != nil {
		p.Fatal(err)
	}
	defer func() { must(admin.Delete(ctx, wrong)) }()
	p.states("ada", time.Now(), "board")
	p.eventually("who is stated rightly reads", p.reading(p.person("ada"), "sales/a", true))
	if got, err := p.store.Policies(ctx, objectstore.Account("carl")); err != nil || len(got) > 0 {
		p.Errorf("an object that is not named after its person gives %v, %v", got, err)
	}
}

func testGroupConflict(p *platform) {
	for _, name := range []string{"buyer", "seller"} {
		p.dataset(name, "C1", func(ds *v1alpha1.Dataset) {
			ds.Spec.ConflictClasses = []v1alpha1.ConflictClass{{Name: "merger", Side: name}}
		})
	}
	defer p.forgets("ada")
	p.states("ada", time.Now(), "team-buy", "team-sell")
	p.grant("buy", "buyer", p.toGroup("team-buy"))
	p.until("buy", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	p.eventually("ada is known to be in it", func() error {
		if got := p.ledger.last("ada"); len(got.Groups) != 2 {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
	p.grant("sell", "seller", p.toGroup("team-sell"))
	dg := p.until("sell", v1alpha1.GrantRefused, v1alpha1.ReasonConflict)
	ready := meta.FindStatusCondition(dg.Status.Conditions, v1alpha1.ConditionReady)
	if !strings.Contains(ready.Message, "user:ada holds or held") || !strings.Contains(ready.Message, "through group:team-buy") {
		p.Errorf("it is refused with %q", ready.Message)
	}
}
