package datagrant_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

func testLife(p *platform) {
	t := p.T
	p.dataset("sales", "C2")
	p.put("sales/a")
	begin := time.Now().Truncate(time.Second).Add(4 * time.Second)
	end := begin.Add(3 * time.Second)
	p.grant("g", "sales", func(s *v1alpha1.DataGrantSpec) {
		s.NotBefore, s.NotAfter, s.ApprovedBy = v1alpha1.At(begin), v1alpha1.At(end), nil
	})
	p.until("g", v1alpha1.GrantPending, v1alpha1.ReasonAwaitingApproval)
	approve(t, p, "bob", "g")
	dg := p.until("g", v1alpha1.GrantPending, v1alpha1.ReasonScheduled)
	if len(dg.Status.Targets) != 1 || dg.Status.Targets[0].State != v1alpha1.TargetApplied ||
		dg.Status.Targets[0].Expiry != v1alpha1.ExpiryEnforcementPoint || dg.Status.Targets[0].Digest != dg.Status.Digest {
		t.Errorf("evidence: %+v", dg.Status.Targets)
	}
	ada := p.person("ada")
	var first, last time.Time
	for time.Now().Before(end.Add(time.Second)) {
		asked := time.Now()
		if p.reads(ada, "sales/a") {
			if first.IsZero() {
				first = time.Now()
			}
			last = asked
		}
	}
	if first.Before(begin) || first.After(begin.Add(time.Second)) {
		t.Errorf("first read at %s, and it begins at %s", first, begin)
	}
	if !last.Before(end) || last.Before(end.Add(-time.Second)) {
		t.Errorf("last read at %s, and it ends at %s", last, end)
	}
	t.Logf("first read %s after the beginning, last %s before the end", first.Sub(begin), end.Sub(last))
	dg = p.until("g", v1alpha1.GrantExpired, v1alpha1.ReasonExpired)
	if dg.Status.Targets[0].State != v1alpha1.TargetRemoved {
		t.Errorf("evidence after the end: %+v", dg.Status.Targets)
	}
	if policies, err := p.store.Policies(ctx, objectstore.Account("ada")); err != nil || len(policies) != 0 {
		t.Errorf("policies after the end: %v, %v", policies, err)
	}
}

func approve(t *testing.T, p *platform, who, name string) {
	t.Helper()
	dg := &v1alpha1.DataGrant{}
	if err := admin.Get(ctx, client.ObjectKey{Name: name}, dg); err != nil {
		t.Fatal(err)
	}
	dg.Spec.ApprovedBy = append(dg.Spec.ApprovedBy, v1alpha1.UserName(who))
	if err := as(who).Update(ctx, dg); err != nil {
		t.Fatal(err)
	}
}

func testRefusals(p *platform) {
	t := p.T
	p.dataset("sales", "C2")
	p.dataset("secret", "C4")
	p.dataset("unset", "")
	p.dataset("derived", "C1", func(ds *v1alpha1.Dataset) { ds.Spec.DerivedFrom = []string{"secret"} })
	p.dataset("table", "C1", func(ds *v1alpha1.Dataset) {
		ds.Spec.Location = v1alpha1.DatasetLocation{Table: &v1alpha1.TableName{Catalog: "c", Schema: "s", Table: "t"}}
	})
	type change = func(*v1alpha1.DataGrantSpec)
	for i, tt := range []struct {
		name, dataset string
		change        change
		reason, want  string
	}{
		{"no dataset", "nowhere", nil, v1alpha1.ReasonRuleBroken, "does not exist"},
		{"above its ceiling", "sales", func(s *v1alpha1.DataGrantSpec) { s.Ceiling = "C1" }, v1alpha1.ReasonRuleBroken, "above the ceiling C1"},
		{"unknown counts as C4", "unset", func(s *v1alpha1.DataGrantSpec) { s.Ceiling = "C3" }, v1alpha1.ReasonRuleBroken, "no classification"},
		{"lineage counts", "derived", func(s *v1alpha1.DataGrantSpec) { s.Ceiling = "C3" }, v1alpha1.ReasonRuleBroken, "dataset secret"},
		{"too long", "secret", func(s *v1alpha1.DataGrantSpec) {
			s.NotAfter = v1alpha1.At(time.Now().Add(31 * 24 * time.Hour))
		}, v1alpha1.ReasonRuleBroken, "the longest for C4"},
		{"no such workspace", "sales", func(s *v1alpha1.DataGrantSpec) {
			s.Subject = v1alpha1.GrantSubject{Kind: v1alpha1.SubjectWorkspace, Name: "nowhere"}
		}, v1alpha1.ReasonRuleBroken, "workspace nowhere does not exist"},
		{"actions of tables", "sales", func(s *v1alpha1.DataGrantSpec) {
			s.Actions = []v1alpha1.GrantAction{v1alpha1.ActionSelect}
		}, v1alpha1.ReasonRuleBroken, "Select is none of dataset sales"},
		{"no target", "table", func(s *v1alpha1.DataGrantSpec) {
			s.Actions = []v1alpha1.GrantAction{v1alpha1.ActionSelect}
		}, v1alpha1.ReasonNoTarget, "nothing on this platform"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := fmt.Sprintf("g-%d", i)
			var changes []func(*v1alpha1.DataGrantSpec)
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			p.grant(name, tt.dataset, changes...)
			dg := p.until(name, v1alpha1.GrantRefused, tt.reason)
			ready := meta.FindStatusCondition(dg.Status.Conditions, v1alpha1.ConditionReady)
			if !strings.Contains(ready.Message, tt.want) || !meta.IsStatusConditionTrue(dg.Status.Conditions, v1alpha1.ConditionStalled) {
				t.Errorf("it says %q, want %q, and is stalled: %+v", ready.Message, tt.want, dg.Status.Conditions)
			}
		})
	}
	if policies, err := p.store.Policies(ctx, objectstore.Account("ada")); err != nil || len(policies) != 0 {
		t.Errorf("refused grants made policies: %v, %v", policies, err)
	}
}

func testRevocationAndDeletion(p *platform) {
	t := p.T
	p.dataset("sales", "C2")
	p.dataset("hr", "C2")
	p.put("sales/a")
	p.put("hr/a")
	p.grant("revoked", "sales")
	p.grant("deleted", "hr")
	p.until("revoked", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	p.until("deleted", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	ada := p.person("ada")
	if !p.reads(ada, "sales/a") || !p.reads(ada, "hr/a") {
		t.Fatal("a grant in force gives no access")
	}
	dg := &v1alpha1.DataGrant{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "revoked"}, dg); err != nil {
		t.Fatal(err)
	}
	dg.Spec.Revocation = &v1alpha1.GrantRevocation{By: "bob", Reason: "no longer needed"}
	if err := as("bob").Update(ctx, dg); err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	p.eventually("the revoked grant ends", func() error {
		if p.reads(ada, "sales/a") {
			return fmt.Errorf("it gives access")
		}
		return nil
	})
	t.Logf("denied %s after the revocation", time.Since(asked))
	p.until("revoked", v1alpha1.GrantRevoked, v1alpha1.ReasonRevoked)
	if !p.reads(ada, "hr/a") {
		t.Error("the other grant ended too")
	}
	if err := as("terraform").Delete(ctx, &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: "deleted"}}); err != nil {
		t.Fatal(err)
	}
	p.eventually("the deleted grant is gone", func() error {
		return client.IgnoreNotFound(invert(admin.Get(ctx, client.ObjectKey{Name: "deleted"}, dg)))
	})
	if p.reads(ada, "hr/a") {
		t.Error("a deleted grant still gives access")
	}
}

// invert is an error where there is none.
func invert(err error) error {
	if err == nil {
		return fmt.Errorf("it is there")
	}
	return err
}

func testReclassification(p *platform) {
	t := p.T
	p.dataset("source", "C1")
	p.dataset("report", "C1", func(ds *v1alpha1.Dataset) { ds.Spec.DerivedFrom = []string{"source"} })
	p.put("report/a")
	p.grant("g", "report", func(s *v1alpha1.DataGrantSpec) { s.Ceiling = "C2" })
	p.until("g", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	ada := p.person("ada")
	classify := func(class v1alpha1.Classification) {
		ds := &v1alpha1.Dataset{}
		if err := admin.Get(ctx, client.ObjectKey{Name: "source"}, ds); err != nil {
			t.Fatal(err)
		}
		ds.Spec.Classification = class
		if err := as("olga-is-not-asked").Update(ctx, ds); err == nil {
			t.Error("somebody without a right changed what data counts as")
		}
		if err := admin.Update(ctx, ds); err != nil {
			t.Fatal(err)
		}
	}
	classify("C3")
	p.until("g", v1alpha1.GrantRefused, v1alpha1.ReasonRuleBroken)
	if p.reads(ada, "report/a") {
		t.Error("data that counts as C3 is read under a ceiling of C2")
	}
	classify("C2")
	p.until("g", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	if !p.reads(ada, "report/a") {
		t.Error("a grant that breaks no rule any more gives no access")
	}
}

func testConflict(p *platform) {
	t := p.T
	side := func(side string) func(*v1alpha1.Dataset) {
		return func(ds *v1alpha1.Dataset) {
			ds.Spec.ConflictClasses = []v1alpha1.ConflictClass{{Name: "merger", Side: side}}
		}
	}
	p.dataset("buyer", "C1", side("buyer"))
	p.dataset("seller", "C1", side("seller"))
	p.dataset("about-seller", "C1", func(ds *v1alpha1.Dataset) { ds.Spec.DerivedFrom = []string{"seller"} })
	p.workspace("both", "ada")
	p.grant("first", "buyer")
	p.until("first", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	refuse := func(name, dataset string, change ...func(*v1alpha1.DataGrantSpec)) {
		t.Helper()
		p.grant(name, dataset, change...)
		p.until(name, v1alpha1.GrantRefused, v1alpha1.ReasonConflict)
	}
	refuse("by-name", "seller")
	refuse("derived", "about-seller")
	refuse("by-workspace", "seller", func(s *v1alpha1.DataGrantSpec) {
		s.Subject = v1alpha1.GrantSubject{Kind: v1alpha1.SubjectWorkspace, Name: "both"}
	})
	refuse("unknown-group", "seller", func(s *v1alpha1.DataGrantSpec) {
		s.Subject = v1alpha1.GrantSubject{Kind: v1alpha1.SubjectGroup, Name: "somebody"}
	})
	p.grant("other", "seller", func(s *v1alpha1.DataGrantSpec) {
		s.Subject.Name, s.RequestedBy = "bea", "bea"
	})
	p.until("other", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	// History counts, with the object and without it.
	if err := as("terraform").Delete(ctx, &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: "first"}}); err != nil {
		t.Fatal(err)
	}
	p.eventually("the first grant is gone", func() error {
		return client.IgnoreNotFound(invert(admin.Get(ctx, client.ObjectKey{Name: "first"}, &v1alpha1.DataGrant{})))
	})
	p.eventually("who held it is noted", func() error {
		ds := &v1alpha1.Dataset{}
		if err := admin.Get(ctx, client.ObjectKey{Name: "buyer"}, ds); err != nil || len(ds.Status.Holders) != 1 {
			return fmt.Errorf("%v, %w", ds.Status.Holders, err)
		}
		return nil
	})
	refuse("by-history", "seller")
}

func (p *platform) workspace(name string, members ...string) {
	p.Helper()
	ws := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.WorkspaceSpec{
			DisplayName: name, Owner: "wanda", Profiles: []string{"python"}, ClassificationCeiling: "C2",
			Home:    v1alpha1.Home{Size: resource.MustParse("1Gi")},
			Culling: v1alpha1.Culling{IdleAfter: metav1.Duration{Duration: time.Hour}},
			Quota:   v1alpha1.WorkspaceQuota{CPU: resource.MustParse("1"), Memory: resource.MustParse("1Gi"), Storage: resource.MustParse("1Gi")},
		},
	}
	for _, m := range members {
		ws.Spec.Members = append(ws.Spec.Members, v1alpha1.Member{Kind: v1alpha1.MemberUser, Name: m, Role: v1alpha1.RoleMember})
	}
	if err := admin.Create(ctx, ws); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		if err := admin.Delete(ctx, ws); err != nil {
			p.Error(err)
		}
	})
}

func testWorkspace(p *platform) {
	t := p.T
	p.dataset("sales", "C2")
	p.put("sales/a")
	p.workspace("fraud", "ada", "eve")
	p.grant("g", "sales", func(s *v1alpha1.DataGrantSpec) {
		s.Subject = v1alpha1.GrantSubject{Kind: v1alpha1.SubjectWorkspace, Name: "fraud"}
	})
	dg := p.until("g", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	if dg.Status.Targets[0].Accounts != 3 {
		t.Errorf("it reaches %d accounts, want those of wanda, ada and eve", dg.Status.Targets[0].Accounts)
	}
	ada, eve := p.person("ada"), p.person("eve")
	if !p.reads(ada, "sales/a") || !p.reads(eve, "sales/a") {
		t.Error("a member is denied")
	}
	ws := &v1alpha1.Workspace{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "fraud"}, ws); err != nil {
		t.Fatal(err)
	}
	ws.Spec.Members = ws.Spec.Members[:1]
	if err := admin.Update(ctx, ws); err != nil {
		t.Fatal(err)
	}
	p.eventually("who left the workspace is denied", func() error {
		if p.reads(eve, "sales/a") {
			return fmt.Errorf("eve still reads")
		}
		return nil
	})
	if !p.reads(ada, "sales/a") {
		t.Error("who stayed is denied")
	}
}

func testNoRoom(p *platform) {
	t := p.T
	p.dataset("sales", "C2")
	p.put("sales/f0/a")
	fits := 0
	for i := range 12 {
		name := fmt.Sprintf("g-%d", i)
		p.grant(name, "sales", func(s *v1alpha1.DataGrantSpec) {
			s.Selector = &v1alpha1.GrantSelector{Prefix: fmt.Sprintf("f%d/", i)}
			s.NotAfter = v1alpha1.At(time.Now().Add(time.Duration(i+1) * time.Hour))
		})
		dg := &v1alpha1.DataGrant{}
		p.eventually("it is decided", func() error {
			if err := admin.Get(ctx, client.ObjectKey{Name: name}, dg); err != nil {
				return err
			}
			if dg.Status.Phase != v1alpha1.GrantActive && dg.Status.Phase != v1alpha1.GrantRefused {
				return fmt.Errorf("it is %s", dg.Status.Phase)
			}
			return nil
		})
		if dg.Status.Phase == v1alpha1.GrantActive {
			fits++
			continue
		}
		ready := meta.FindStatusCondition(dg.Status.Conditions, v1alpha1.ConditionReady)
		if ready.Reason != v1alpha1.ReasonLimitExceeded || !strings.Contains(ready.Message, "2048") {
			t.Fatalf("%s is refused by %s: %s", name, ready.Reason, ready.Message)
		}
		if !p.reads(p.person("ada"), "sales/f0/a") {
			t.Error("what did not fit took away what did")
		}
		t.Logf("%d windows of Read and List fit: %s", fits, ready.Message)
		return
	}
	t.Fatal("twelve windows fit into one policy")
}

func testRestart(p *platform) {
	t := p.T
	p.dataset("sales", "C2")
	p.dataset("hr", "C2")
	p.put("sales/a")
	p.put("hr/a")
	p.grant("old", "sales")
	p.until("old", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	ada := p.person("ada")
	p.stop()
	// While nobody watches: a grant is revoked, and another asked for.
	p.grant("new", "hr")
	p.operate()
	p.until("new", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	if !p.reads(ada, "sales/a") || !p.reads(ada, "hr/a") {
		t.Error("a new operator gives less than was granted")
	}
}
