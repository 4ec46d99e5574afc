package credentialrequest_test

import (
	"strings"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func testRefusals(p *platform) {
	now := time.Now()
	table := dataset("trades")
	table.Spec.Location = v1alpha1.DatasetLocation{Table: &v1alpha1.TableName{Catalog: "lake", Schema: "risk", Table: "trades"}}
	p.create(table, dataset("nobodys"), dataset("later"), dataset("before"), dataset("unsigned"))
	p.granted("later", "later", v1alpha1.ReasonScheduled, now.Add(time.Hour), now.Add(2*time.Hour))
	p.granted("unsigned", "unsigned", v1alpha1.ReasonAwaitingApproval, now.Add(-time.Hour), now.Add(2*time.Hour), func(g *v1alpha1.DataGrant) { g.Spec.ApprovedBy = nil })
	p.granted("before", "before", v1alpha1.ReasonExpired, now.Add(-2*time.Hour), now.Add(-time.Hour))
	for name, want := range map[string][]string{
		"":         {"NothingGranted", "no objects are granted to ada at the moment", "ask the owner"},
		"nobodys":  {"NothingGranted", "dataset nobodys is not granted to ada", "ask its owner"},
		"later":    {"Scheduled", "later, which begins at " + string(v1alpha1.At(now.Add(time.Hour))), "wait until then"},
		"before":   {"Expired", "before, which ended at " + string(v1alpha1.At(now.Add(-time.Hour))), "ask for another grant"},
		"unsigned": {"AwaitingApproval", "granted to ada by unsigned, which is Pending"},
		"trades":   {"NoObjects", "dataset trades is a table", "Trino"},
		"missing":  {"DatasetNotFound", "there is no dataset missing"},
	} {
		r, secret := p.asked(of(name))
		for _, text := range append(want, "False") {
			if secret != "" || !strings.Contains(reason(r), text) {
				p.Errorf("of %q it says %s, and not %q", name, reason(r), text)
			}
		}
		p.giveBack(r)
	}
	if live := p.live(); len(live) > 0 {
		p.Errorf("those who were refused have made the keys %v", live)
	}
}
