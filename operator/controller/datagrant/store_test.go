package datagrant_test

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// put writes an object as the one who manages the store.
func (p *platform) put(key string) {
	p.Helper()
	root := s3.New(s3.Options{
		BaseEndpoint: &p.at.Endpoint, Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("root", "secret of root", ""),
	})
	if _, err := root.PutObject(ctx, &s3.PutObjectInput{Bucket: &p.bucket, Key: &key, Body: strings.NewReader(key)}); err != nil {
		p.Fatal(err)
	}
}

// person is a client with a key of a person's account.
func (p *platform) person(user string) *s3.Client {
	p.Helper()
	var id, secret string
	p.eventually("there is an account of "+user, func() (err error) {
		id, secret, err = p.store.NewKey(ctx, objectstore.Account(user))
		return err
	})
	return s3.New(s3.Options{
		BaseEndpoint: &p.at.Endpoint, Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
}

// reads says whether a client may read an object; any other failure than a denial ends the test.
func (p *platform) reads(c *s3.Client, key string) bool {
	p.Helper()
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(p.bucket), Key: &key})
	if err == nil {
		_ = out.Body.Close()
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "AccessDenied" {
		return false
	}
	p.Fatalf("reading %s: %v", key, err)
	return false
}
