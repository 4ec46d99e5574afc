package cmd

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/utils/clock"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// ledgerAgain is when a ledger that did not answer is told again of a new grant.
const ledgerAgain = 10 * time.Second

// grantOptions are the flags of data grants.
type grantOptions struct {
	longest    map[string]string
	quarantine string
}

func (o *managerOptions) bindGrants(flags *pflag.FlagSet) {
	flags.StringToStringVar(&o.grants.longest, "grant-longest", nil,
		"longest duration of grants by class of data, such as C3=720h,C4=24h; what is not named keeps 8784h, 4320h, 2160h and 720h for C1 to C4")
	flags.DurationVar(&o.Ghost.Every, "ghost-every", time.Minute, "how often targets are searched for access without a grant")
	flags.StringVar(&o.grants.quarantine, "ghost-quarantine", string(ghost.Report), "what becomes of access without a grant: Report or Remove")
	flags.DurationVar(&o.DataGrant.TrustGroupsFor, "trust-groups-for", 24*time.Hour,
		"how long grants to groups reach people whose groups the identity provider does not confirm")
	flags.IntVar(&o.DataGrant.Concurrency, "datagrant-concurrency", 8, "how many grants are worked on at once")
	flags.IntVar(&o.Dataset.Concurrency, "dataset-concurrency", 1, "how many datasets are worked on at once")
}

// completeGrants checks the flags of grants. Grants of objects are enforced where the accounts of an object store can be managed.
func (o *managerOptions) completeGrants() error {
	o.DataGrant.Clock, o.Ghost.Clock = clock.RealClock{}, clock.RealClock{}
	o.DataGrant.Limits, o.DataGrant.LedgerAgain = grant.DefaultLimits(), ledgerAgain
	for class, text := range o.grants.longest {
		longest, err := time.ParseDuration(text)
		if err != nil || longest <= 0 {
			return fmt.Errorf("--grant-longest %s=%s is no duration: set it like %s=720h", class, text, class)
		}
		known := grant.Class(class)
		if known != known.Known() {
			return fmt.Errorf("--grant-longest names the class %q: it is one of C1, C2, C3, C4", class)
		}
		o.DataGrant.Limits.Longest[known] = longest
	}
	o.Ghost.Quarantine = ghost.Quarantine(o.grants.quarantine)
	if o.Ghost.Quarantine != ghost.Report && o.Ghost.Quarantine != ghost.Remove {
		return fmt.Errorf("--ghost-quarantine is %q: set it to Report or Remove", o.grants.quarantine)
	}
	if o.DataGrant.TrustGroupsFor < time.Minute {
		return fmt.Errorf("--trust-groups-for is %s: set it to a minute at least", o.DataGrant.TrustGroupsFor)
	}
	if o.Ghost.Every < time.Second {
		return fmt.Errorf("--ghost-every is %s: set it to a second at least", o.Ghost.Every)
	}
	if o.objectStore.IAMEndpoint != "" && o.objectStore.Endpoint != "" && o.objectStore.Credentials != "" {
		o.Objects = objectstore.New(o.objectStore)
	}
	return nil
}
