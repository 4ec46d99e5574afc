// Package objectstore manages the local object store: its buckets and the accounts that may use them, over S3 and IAM
// as AWS speaks them.
package objectstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	stored "github.com/atoll-platform/atoll/internal/objectstore"
)

// Options say where the object store is and who manages it.
type Options struct {
	// Endpoint is that of S3, IAMEndpoint that of the accounts.
	Endpoint, IAMEndpoint string
	// Region that clients must name.
	Region string
	// Credentials is a folder with the files access-key and secret-key of the account that manages the others, as a
	// mounted Secret holds them. They are read at each request, so that a new key needs no restart.
	Credentials string
}

// Client manages buckets and accounts.
type Client struct {
	s3  *s3.Client
	iam *iam.Client
}

// New makes a client. It calls nothing yet.
func New(o Options) *Client {
	keys := stored.Folder(o.Credentials)
	return &Client{
		s3: s3.New(s3.Options{
			BaseEndpoint: aws.String(o.Endpoint), Region: o.Region, Credentials: keys, UsePathStyle: true,
		}),
		iam: iam.New(iam.Options{BaseEndpoint: aws.String(o.IAMEndpoint), Region: o.Region, Credentials: keys}),
	}
}

// EnsureBucket makes the bucket if it is not there.
func (c *Client) EnsureBucket(ctx context.Context, name string) error {
	_, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	var mine *s3types.BucketAlreadyOwnedByYou
	if err == nil || errors.As(err, &mine) {
		return nil
	}
	return fmt.Errorf("making bucket %s: %w", name, err)
}

// EnsureUser makes the account if it is not there and gives it one policy, the JSON of an IAM policy.
func (c *Client) EnsureUser(ctx context.Context, name, policy string) error {
	_, err := c.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
	var exists *iamtypes.EntityAlreadyExistsException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("making account %s of the object store: %w", name, err)
	}
	_, err = c.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: &name, PolicyName: aws.String("atoll"), PolicyDocument: &policy,
	})
	if err != nil {
		return fmt.Errorf("setting the policy of account %s of the object store: %w", name, err)
	}
	return nil
}

// HasKey says whether the account has this access key, switched on.
func (c *Client) HasKey(ctx context.Context, user, id string) (bool, error) {
	keys, err := c.keys(ctx, user)
	if err != nil {
		return false, err
	}
	for _, k := range keys {
		if aws.ToString(k.AccessKeyId) == id {
			return k.Status == iamtypes.StatusTypeActive, nil
		}
	}
	return false, nil
}

// NewKey gives the account a new access key and takes all others away, which nobody can know any more.
func (c *Client) NewKey(ctx context.Context, user string) (id, secret string, err error) {
	old, err := c.keys(ctx, user)
	if err != nil {
		return "", "", err
	}
	for _, k := range old {
		if err := c.RemoveKey(ctx, user, aws.ToString(k.AccessKeyId)); err != nil {
			return "", "", err
		}
	}
	return c.AddKey(ctx, user)
}

func (c *Client) keys(ctx context.Context, user string) ([]iamtypes.AccessKeyMetadata, error) {
	out, err := c.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		return nil, fmt.Errorf("listing the access keys of account %s of the object store: %w", user, err)
	}
	return out.AccessKeyMetadata, nil
}
