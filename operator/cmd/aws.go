package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/operator/controller/workspace/network"
	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/aws/accessgrants"
	"github.com/atoll-platform/atoll/operator/target/aws/lakeformation"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
	"github.com/atoll-platform/atoll/operator/target/aws/podidentity"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// attempts is how often a request to AWS is made before it fails: IAM throttles what comes in bursts.
const attempts = 8

// agent is the address of each node's agent, which hands people's roles to their pods.
const agent = "169.254.170.23/32"

// patience is how long a role that was made just now may be unknown to other services: about half a minute.
func patience() wait.Backoff {
	return wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Steps: 7, Cap: 10 * time.Second}
}

// leaseOptions are the flags of what AWS hands out by leases.
type leaseOptions struct {
	tables  lakeformation.Options
	objects accessgrants.Options
	// open are those that pods take on.
	open []credentials.Leases
}

func (o *managerOptions) bindAWS(flags *pflag.FlagSet) {
	flags.StringVar(&o.aws.Platform, "aws-platform", "", "name of the platform on AWS, which the roles of people are named after")
	flags.StringVar(&o.aws.ClusterARN, "aws-cluster-arn", "", "ARN of the EKS cluster, whose pods get the roles of people; empty where grants are not enforced on AWS")
	flags.StringVar(&o.aws.BoundaryARN, "aws-grants-boundary-arn", "", "ARN of the policy that bounds the roles of people")
	flags.BoolVar(&o.aws.Encrypted, "aws-data-encrypted", false, "the data is encrypted with a key of the account's, which the boundary names, and not with one of AWS's own")
	flags.StringVar(&o.leases.tables.Catalog, "aws-lake-formation-catalog", "", "catalog by which datasets call the tables that Lake Formation hands out, such as lake; it hands out none when empty")
	flags.StringVar(&o.leases.objects.Bucket, "aws-access-grants-bucket", "", "bucket whose objects S3 Access Grants hands out, in place of the policies of roles; it hands out none when empty")
}

// handsOut says whether a service of AWS hands data out.
func (o *managerOptions) handsOut() bool {
	return o.leases.tables.Catalog != "" || o.leases.objects.Bucket != ""
}

// completeAWS makes the targets on AWS. The operator's own credentials are found as AWS's clients find them.
func (o *managerOptions) completeAWS(ctx context.Context) error {
	if o.aws.ClusterARN == "" {
		if o.handsOut() {
			return errors.New("--aws-lake-formation-catalog or --aws-access-grants-bucket is set, so --aws-cluster-arn must be set too")
		}
		return nil
	}
	o.aws.HandedOut = o.leases.objects.Bucket
	if err := o.aws.Validate(); err != nil {
		return fmt.Errorf("checking the --aws-* flags: %w", err)
	}
	found, err := config.LoadDefaultConfig(ctx, config.WithRegion(o.aws.Region()), config.WithRetryMaxAttempts(attempts))
	if err != nil {
		return fmt.Errorf("reading the configuration of AWS's clients: %w", err)
	}
	o.Roles, err = role.NewGrants(found, o.aws)
	if err != nil {
		return err
	}
	o.Associations = podidentity.New(found, o.aws.Cluster())
	o.Workspace.Network.DataEgress = append(o.Workspace.Network.DataEgress, network.Peer{CIDR: agent, Port: 80})
	return o.completeLeases(found)
}

// completeLeases makes the targets that hand data out.
func (o *managerOptions) completeLeases(found aws.Config) error {
	if o.leases.tables.Catalog != "" {
		o.leases.tables.Patience = patience()
		service, err := lakeformation.New(found, o.aws, o.leases.tables)
		if err != nil {
			return fmt.Errorf("--aws-lake-formation-catalog: %w", err)
		}
		if err := handOut(o, found, service); err != nil {
			return err
		}
	}
	if o.leases.objects.Bucket != "" {
		o.leases.objects.Patience = patience()
		service, err := accessgrants.New(found, o.aws, o.leases.objects)
		if err != nil {
			return fmt.Errorf("--aws-access-grants-bucket: %w", err)
		}
		return handOut(o, found, service)
	}
	return nil
}

// handOut adds the leases of a service, which are given as grants say and taken on by pods.
func handOut[P comparable](o *managerOptions, found aws.Config, service lease.Service[P]) error {
	grants, err := lease.New(found, o.aws, o.Roles, service)
	if err != nil {
		return err
	}
	o.Leases, o.leases.open = append(o.Leases, grants), append(o.leases.open, grants)
	return nil
}
