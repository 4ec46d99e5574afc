// Package accessgrants enforces grants of objects on AWS by S3 Access Grants, which the roles of leases have. It has room for many more
// than the policies of roles, and hands out credentials.
package accessgrants

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

const (
	// kind of leases.
	kind = "objects"
	// location is the id of the one that every bucket of the account lies in.
	location = "default"
)

// Options say which objects are handed out.
type Options struct {
	// Bucket whose objects are granted by S3 Access Grants, and not by the policies of roles.
	Bucket string
	// Patience is how grants to a role are tried again of which S3 has not heard yet.
	Patience wait.Backoff
}

var bucketForm = regexp.MustCompile(`^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$`)

// Validate is an error that names the option that is not what it has to be.
func (o Options) Validate() error {
	if !bucketForm.MatchString(o.Bucket) {
		return fmt.Errorf("the bucket of S3 Access Grants is %q: set it to the name of a bucket, such as reef-data", o.Bucket)
	}
	return nil
}

// Service is S3 Access Grants.
type Service struct {
	s3    *s3control.Client
	opts  Options
	owner role.Options
	// ids of grants that were made by this process: lists are behind.
	ids ids
}

// New returns the service. It calls nothing yet.
func New(config aws.Config, platform role.Options, opts Options) (*Service, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	return &Service{s3: s3control.NewFromConfig(config), opts: opts, owner: platform, ids: ids{known: map[key]string{}}}, nil
}

// Name is that of the target.
func (s *Service) Name() v1alpha1.GrantTarget { return v1alpha1.TargetAccessGrants }

// Takes says whether the dataset lies in the bucket.
func (s *Service) Takes(d grant.Dataset) bool {
	return d.Objects != nil && d.Objects.Bucket == s.opts.Bucket
}

// Mine says whether the atom is of objects in the bucket.
func (s *Service) Mine(a grant.Atom) bool {
	return a.Selector.Objects != nil && a.Selector.Objects.Bucket == s.opts.Bucket
}

// Gate is what clients ask for credentials.
func (s *Service) Gate() lease.Gate {
	return lease.Gate{Kind: kind, Actions: []string{"s3:GetDataAccess"}, Resources: []string{
		"arn:" + s.owner.Partition() + ":s3:" + s.owner.Region() + ":" + s.owner.Account() + ":access-grants/default",
	}}
}

// Compile says in the words of S3 Access Grants what atoms of its bucket allow.
func (s *Service) Compile(atoms []grant.Atom) ([]Permission, error) { return compile(atoms) }

// Atoms is the other way round.
func (s *Service) Atoms(p Permission) ([]grant.Atom, error) { return atoms(s.opts.Bucket, p) }

// Shares says whether there is anything that both permissions allow.
func (s *Service) Shares(a, b Permission) bool { return shares(a, b) }
