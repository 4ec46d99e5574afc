package datagrant_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// notebook is a ledger that can be away. What it is told is kept.
type notebook struct {
	mu    sync.Mutex
	away  bool
	facts []ledger.Fact
}

func (n *notebook) Record(_ context.Context, facts ...ledger.Fact) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		return errors.New("the database is away")
	}
	n.facts = append(n.facts, facts...)
	return nil
}

func (n *notebook) Replay(context.Context, time.Time) (*ledger.State, error) {
	return nil, errors.New("nobody asks")
}

func (n *notebook) set(away bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = away
}

// last is the last fact about a person.
func (n *notebook) last(user string) (last ledger.Person) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.facts {
		if p, ok := f.(ledger.Person); ok && p.Name == user {
			last = p
		}
	}
	return last
}

func testLedgerDown(p *platform) {
	p.dataset("sales", "C2")
	p.dataset("hr", "C2")
	p.put("sales/a")
	p.put("hr/a")
	p.grant("before", "sales")
	p.until("before", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	ada := p.person("ada")
	p.ledger.set(true)
	defer p.ledger.set(false)
	p.grant("meanwhile", "hr")
	dg := p.until("meanwhile", v1alpha1.GrantPending, v1alpha1.ReasonLedgerFailed)
	ready := meta.FindStatusCondition(dg.Status.Conditions, v1alpha1.ConditionReady)
	if !strings.Contains(ready.Message, "the ledger has not been told") || !strings.Contains(ready.Message, "the database is away") || len(dg.Status.Targets) != 0 {
		p.Errorf("the status says %q, targets %v", ready.Message, dg.Status.Targets)
	}
	// Another grant of hers is ended: that waits for nothing, and gives the one that waits to nobody.
	revoked := &v1alpha1.DataGrant{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "before"}, revoked); err != nil {
		p.Fatal(err)
	}
	revoked.Spec.Revocation = &v1alpha1.GrantRevocation{By: "bob", Reason: "to see it end"}
	if err := as("terraform").Update(ctx, revoked); err != nil {
		p.Fatal(err)
	}
	p.until("before", v1alpha1.GrantRevoked, v1alpha1.ReasonRevoked)
	if p.reads(ada, "sales/a") {
		p.Error("what ends access waits for the ledger")
	}
	// A new operator gives it no sooner, and neither does a group that she comes to.
	p.stop()
	p.operate()
	p.grant("group", "sales", p.toGroup("analysts"))
	p.until("group", v1alpha1.GrantPending, v1alpha1.ReasonLedgerFailed)
	p.states("ada", time.Now(), "analysts")
	defer p.forgets("ada")
	for until := time.Now().Add(2 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if p.reads(ada, "hr/a") || p.reads(ada, "sales/a") {
			p.Fatal("a grant is given that the ledger was not told of")
		}
	}
	p.ledger.set(false)
	p.until("meanwhile", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	p.until("group", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	p.eventually("it goes on by itself", p.reading(ada, "hr/a", true))
	p.eventually("so does what her group gives", p.reading(ada, "sales/a", true))
}
