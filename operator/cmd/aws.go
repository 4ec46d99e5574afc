package cmd

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/pflag"

	"github.com/atoll-platform/atoll/operator/target/aws/podidentity"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// attempts is how often a request to AWS is made before it fails: IAM throttles what comes in bursts.
const attempts = 8

func (o *managerOptions) bindAWS(flags *pflag.FlagSet) {
	flags.StringVar(&o.aws.Platform, "aws-platform", "", "name of the platform on AWS, which the roles of people are named after")
	flags.StringVar(&o.aws.ClusterARN, "aws-cluster-arn", "", "ARN of the EKS cluster, whose pods get the roles of people; empty where grants are not enforced on AWS")
	flags.StringVar(&o.aws.BoundaryARN, "aws-grants-boundary-arn", "", "ARN of the policy that bounds the roles of people")
	flags.BoolVar(&o.aws.Encrypted, "aws-data-encrypted", false, "the data is encrypted with a key of the account's, which the boundary names, and not with one of AWS's own")
}

// completeAWS makes the targets on AWS. The operator's own credentials are found as AWS's clients find them.
func (o *managerOptions) completeAWS(ctx context.Context) error {
	if o.aws.ClusterARN == "" {
		return nil
	}
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
	return nil
}
