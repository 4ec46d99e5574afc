package objectstore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// KeyIDs lists the access keys of an account that are switched on; none for an account that does not exist.
func (c *Client) KeyIDs(ctx context.Context, account string) ([]string, error) {
	keys, err := c.keys(ctx, account)
	if err != nil && !missing(err) {
		return nil, err
	}
	var ids []string
	for _, k := range keys {
		if k.Status == iamtypes.StatusTypeActive {
			ids = append(ids, aws.ToString(k.AccessKeyId))
		}
	}
	return ids, nil
}

// AddKey gives the account one more access key. An account has two at most.
func (c *Client) AddKey(ctx context.Context, account string) (id, secret string, err error) {
	made, err := c.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &account})
	if err != nil {
		return "", "", fmt.Errorf("making an access key of account %s of the object store: %w", account, err)
	}
	return aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey), nil
}

// RemoveKey takes an access key from the account; one that is gone already is no error.
func (c *Client) RemoveKey(ctx context.Context, account, id string) error {
	_, err := c.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &account, AccessKeyId: &id})
	if err != nil && !missing(err) {
		return fmt.Errorf("removing an access key of account %s of the object store: %w", account, err)
	}
	return nil
}
