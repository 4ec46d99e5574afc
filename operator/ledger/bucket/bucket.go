// Package bucket keeps the copy of the ledger in a bucket of S3 or of the platform's own object store.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/atoll-platform/atoll/internal/objectstore"
)

// Bucket is one bucket.
type Bucket struct {
	client *s3.Client
	name   string
}

// New returns a bucket. It makes no request. Who signs in is in the options; with no folder it is whom AWS has given the pod.
func New(ctx context.Context, o objectstore.Options) (*Bucket, error) {
	if o.CredentialsFolder != "" {
		return &Bucket{s3.New(s3.Options{
			BaseEndpoint: aws.String(o.Endpoint), Region: o.Region, Credentials: objectstore.Folder(o.CredentialsFolder), UsePathStyle: true,
		}), o.Bucket}, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(o.Region))
	if err != nil {
		return nil, fmt.Errorf("finding credentials for bucket %s: %w", o.Bucket, err)
	}
	return &Bucket{s3.NewFromConfig(cfg), o.Bucket}, nil
}

// Ensure makes the bucket where it is missing.
func (b *Bucket) Ensure(ctx context.Context) error {
	if _, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.name}); err == nil {
		return nil
	}
	_, err := b.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &b.name})
	var mine *s3types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &mine) {
		return fmt.Errorf("making bucket %s: %w", b.name, err)
	}
	return nil
}

// List names the objects that begin with the prefix.
func (b *Bucket) List(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing bucket %s: %w", b.name, err)
		}
		for _, o := range page.Contents {
			names = append(names, aws.ToString(o.Key))
		}
	}
	return names, nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, name string) ([]byte, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &name})
	if err != nil {
		return nil, fmt.Errorf("reading s3://%s/%s: %w", b.name, name, err)
	}
	defer func() { _ = out.Body.Close() }()
	raw, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("reading s3://%s/%s: %w", b.name, name, err)
	}
	return raw, nil
}

// Create writes an object that is not there yet.
func (b *Bucket) Create(ctx context.Context, name string, content []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &name, Body: bytes.NewReader(content), ContentType: aws.String("application/x-ndjson"), IfNoneMatch: aws.String("*"),
	})
	if err != nil {
		return fmt.Errorf("writing s3://%s/%s: %w", b.name, name, err)
	}
	return nil
}
