package objectstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// store is a real object store.
type store struct {
	endpoint string
	client   *objectstore.Client
}

func start(t *testing.T) store {
	t.Helper()
	s := storetest.Start(t)
	return store{endpoint: s.Endpoint, client: objectstore.New(objectstore.Options{
		Endpoint: s.Endpoint, IAMEndpoint: s.IAMEndpoint, Region: "us-east-1", Credentials: s.Credentials,
	})}
}

// as is a client of S3 with an account's key.
func (s store) as(id, secret string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.endpoint), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
}

func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && (api.ErrorCode() == "AccessDenied" || api.ErrorCode() == "Forbidden")
}

func TestAccountReachesItsBucketOnly(t *testing.T) {
	s, ctx := start(t), context.Background()
	account := func(bucket string) *s3.Client {
		// Twice: what is there already is no error.
		for range 2 {
			if err := s.client.EnsureBucket(ctx, bucket); err != nil {
				t.Fatal(err)
			}
			if err := s.client.EnsureUser(ctx, bucket, objectstore.Bucket(bucket)); err != nil {
				t.Fatal(err)
			}
		}
		id, secret, err := s.client.NewKey(ctx, bucket)
		if err != nil {
			t.Fatal(err)
		}
		return s.as(id, secret)
	}
	// One name begins like the other.
	fraud, lab := account("backup-fraud"), account("backup-fraud-lab")
	for name, err := range map[string]error{
		"ask for": head(fraud, "backup-fraud"),
		"write":   put(fraud, "backup-fraud", "home-ada/config"),
		"read":    get(fraud, "backup-fraud", "home-ada/config"),
		"list":    list(fraud, "backup-fraud"),
	} {
		if err != nil {
			t.Errorf("an account may not %s what is its own: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"ask for":                head(lab, "backup-fraud"),
		"write":                  put(lab, "backup-fraud", "home-ada/keys"),
		"read":                   get(lab, "backup-fraud", "home-ada/config"),
		"list":                   list(lab, "backup-fraud"),
		"delete":                 remove(lab, "backup-fraud", "home-ada/config"),
		"make":                   create(fraud, "backup-other"),
		"list, the longer name,": list(fraud, "backup-fraud-lab"),
	} {
		if !denied(err) {
			t.Errorf("an account may %s what is not its own: %v", name, err)
		}
	}
	if err := remove(fraud, "backup-fraud", "home-ada/config"); err != nil {
		t.Errorf("an account may not delete what is its own: %v", err)
	}
}

func TestNewKeyEndsTheOld(t *testing.T) {
	s, ctx := start(t), context.Background()
	if err := s.client.EnsureBucket(ctx, "backup-fraud"); err != nil {
		t.Fatal(err)
	}
	if err := s.client.EnsureUser(ctx, "backup-fraud", objectstore.Bucket("backup-fraud")); err != nil {
		t.Fatal(err)
	}
	first, firstSecret, err := s.client.NewKey(ctx, "backup-fraud")
	if err != nil {
		t.Fatal(err)
	}
	second, secondSecret, err := s.client.NewKey(ctx, "backup-fraud")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{first: false, second: true} {
		if got, err := s.client.HasKey(ctx, "backup-fraud", id); err != nil || got != want {
			t.Errorf("HasKey(%s) = %v, %v; want %v", id, got, err, want)
		}
	}
	if err := put(s.as(first, firstSecret), "backup-fraud", "a"); err == nil {
		t.Error("the first key still works")
	}
	if err := put(s.as(second, secondSecret), "backup-fraud", "a"); err != nil {
		t.Errorf("the second key does not work: %v", err)
	}
}

func head(c *s3.Client, bucket string) error {
	_, err := c.HeadBucket(context.Background(), &s3.HeadBucketInput{Bucket: &bucket})
	return wrap(err)
}

func create(c *s3.Client, bucket string) error {
	_, err := c.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: &bucket})
	return wrap(err)
}

func put(c *s3.Client, bucket, key string) error {
	_, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
	return wrap(err)
}

func get(c *s3.Client, bucket, key string) error {
	out, err := c.GetObject(context.Background(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err == nil {
		_ = out.Body.Close()
	}
	return wrap(err)
}

func remove(c *s3.Client, bucket, key string) error {
	_, err := c.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	return wrap(err)
}

func list(c *s3.Client, bucket string) error {
	_, err := c.ListObjectsV2(context.Background(), &s3.ListObjectsV2Input{Bucket: &bucket})
	return wrap(err)
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("asking the object store: %w", err)
}
