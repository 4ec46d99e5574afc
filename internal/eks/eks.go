// Package eks finds an EKS cluster by name and region and signs its bearer tokens, with the AWS
// credentials of the environment. No aws command and no exec plugin is needed.
package eks

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Cluster is where a cluster is reached, and the source of its tokens.
type Cluster struct {
	// Endpoint is the API server's URL.
	Endpoint string
	// CA is the PEM of the authority that signed the server's certificate.
	CA string

	tokens *tokens
}

// Find asks EKS for the cluster. Credentials, and endpoints where they are overridden, come from the
// environment as for every AWS tool.
func Find(ctx context.Context, name, region string) (*Cluster, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	out, err := eks.NewFromConfig(cfg).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("EKS has no cluster %q in region %s for these credentials", name, cfg.Region)
	}
	if err != nil {
		return nil, fmt.Errorf("describing EKS cluster %q in region %s (needs eks:DescribeCluster): %w", name, cfg.Region, err)
	}
	c := out.Cluster
	if c == nil || aws.ToString(c.Endpoint) == "" || c.CertificateAuthority == nil {
		status := types.ClusterStatus("unknown")
		if c != nil {
			status = c.Status
		}
		return nil, fmt.Errorf("EKS cluster %q in region %s has no endpoint yet: its status is %s, wait until it is ACTIVE", name, cfg.Region, status)
	}
	ca, err := base64.StdEncoding.DecodeString(aws.ToString(c.CertificateAuthority.Data))
	if err != nil {
		return nil, fmt.Errorf("decoding the certificate authority of EKS cluster %q: %w", name, err)
	}
	return &Cluster{
		Endpoint: *c.Endpoint,
		CA:       string(ca),
		tokens:   &tokens{sts: sts.NewPresignClient(sts.NewFromConfig(cfg)), cluster: name, now: time.Now},
	}, nil
}
