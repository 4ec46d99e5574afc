package lakeformation

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// Options say which tables are Lake Formation's.
type Options struct {
	// Catalog is what datasets call the data catalog of the account.
	Catalog string
	// Patience is how entries of a batch are tried again that failed for a moment.
	Patience wait.Backoff
}

// kind of leases.
const kind = "tables"

var catalogForm = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*$`)

// Validate is an error that names the option that is not what it has to be.
func (o Options) Validate() error {
	if !catalogForm.MatchString(o.Catalog) {
		return fmt.Errorf("the catalog of Lake Formation's tables is %q: set it to the name by which datasets call it, such as lake", o.Catalog)
	}
	return nil
}

// Service is Lake Formation.
type Service struct {
	lf   *sdk.Client
	opts Options
	// account is the number of the account, which is the name of its catalog; leases is how the roles of leases begin.
	account, leases string
}

// New returns the service. It calls nothing yet.
func New(config aws.Config, platform role.Options, opts Options) (*Service, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	return &Service{lf: sdk.NewFromConfig(config), opts: opts, account: platform.Account(), leases: lease.Prefix(platform, kind)}, nil
}

// Name is that of the target.
func (s *Service) Name() v1alpha1.GrantTarget { return v1alpha1.TargetLakeFormation }

// Takes says whether the dataset is a table of the catalog.
func (s *Service) Takes(d grant.Dataset) bool {
	return d.Table != nil && d.Table.Catalog == s.opts.Catalog
}

// Mine says whether the atom is of such a table.
func (s *Service) Mine(a grant.Atom) bool {
	return a.Selector.Part != nil && a.Selector.Part.Table.Catalog == s.opts.Catalog
}

// Gate is what queries ask for before they read data, and the descriptions of tables, of which Lake Formation shows those granted.
func (s *Service) Gate() lease.Gate {
	return lease.Gate{
		Kind: kind,
		Actions: []string{
			"lakeformation:GetDataAccess", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions",
			"glue:GetTable", "glue:GetTables",
		},
		Resources: []string{"*"},
	}
}

// Compile says in Lake Formation's words what atoms of its tables allow.
func (s *Service) Compile(atoms []grant.Atom) ([]Permission, error) { return compile(atoms) }

// Atoms is the other way round.
func (s *Service) Atoms(p Permission) ([]grant.Atom, error) { return atoms(s.opts.Catalog, p) }

// Shares says whether there is anything that both permissions allow.
func (s *Service) Shares(a, b Permission) bool { return shares(a, b) }
