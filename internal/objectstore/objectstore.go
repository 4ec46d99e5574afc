// Package objectstore hands out access to single objects of one bucket, by URLs that it signs. Who gets such a URL
// needs no credential, and can do with it one thing to one object for a while.
package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

const (
	// longest is for how long S3 accepts a signed URL.
	longest = 7 * 24 * time.Hour
	// unsigned is what S3 wants for a body whose hash is not signed.
	unsigned = "UNSIGNED-PAYLOAD"
	// patience bounds a request of our own.
	patience = 15 * time.Second
)

// Options say where the bucket is.
type Options struct {
	// Endpoint is the address of the store; that of S3 in the region when empty.
	Endpoint string
	// PublicEndpoint is the address at which people reach the store; without one links are s3:// names.
	PublicEndpoint string
	Region         string
	Bucket         string
	// CredentialsFolder has the files access-key and secret-key; without one the credentials are those that AWS gives
	// the pod.
	CredentialsFolder string
	// Credentials are where the store is asked by an account of its own; then there is no folder.
	Credentials aws.CredentialsProvider
	// Now is the clock that signatures are dated by; the machine's when nil.
	Now func() time.Time
}

// Store signs URLs for one bucket.
type Store struct {
	opts        Options
	base        *url.URL
	public      *url.URL
	credentials aws.CredentialsProvider
	signer      *v4.Signer
	client      *http.Client
}

// New returns a store. It makes no request.
func New(ctx context.Context, o Options) (*Store, error) {
	if o.Bucket == "" || o.Region == "" {
		return nil, errors.New("the object store needs a bucket and a region")
	}
	if o.Endpoint == "" {
		o.Endpoint = "https://s3." + o.Region + ".amazonaws.com"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	base, err := endpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	s := &Store{
		opts: o, base: base,
		// S3 wants keys as they are, escaped once.
		signer: v4.NewSigner(func(so *v4.SignerOptions) { so.DisableURIPathEscaping = true }),
		client: &http.Client{Timeout: patience},
	}
	if o.PublicEndpoint != "" {
		if s.public, err = endpoint(o.PublicEndpoint); err != nil {
			return nil, err
		}
	}
	if o.Credentials != nil {
		s.credentials = o.Credentials
		return s, nil
	}
	if o.CredentialsFolder != "" {
		s.credentials = Folder(o.CredentialsFolder)
		return s, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(o.Region))
	if err != nil {
		return nil, fmt.Errorf("finding credentials for bucket %s: %w", o.Bucket, err)
	}
	s.credentials = cfg.Credentials
	return s, nil
}

// Get returns a URL by which the object can be read for a while.
func (s *Store) Get(ctx context.Context, key string, lasts time.Duration) (string, error) {
	return s.sign(ctx, s.base, http.MethodGet, key, lasts)
}

// Put returns a URL by which the object can be written for a while.
func (s *Store) Put(ctx context.Context, key string, lasts time.Duration) (string, error) {
	return s.sign(ctx, s.base, http.MethodPut, key, lasts)
}

// Name is the object's name for people and programs that have access of their own.
func (s *Store) Name(key string) string { return "s3://" + s.opts.Bucket + "/" + key }

// Link is a URL that a person can open, where the store has an address for people, or else the object's name.
func (s *Store) Link(ctx context.Context, name string) string {
	key, ours := strings.CutPrefix(name, s.Name(""))
	if s.public == nil || !ours {
		return name
	}
	link, err := s.sign(ctx, s.public, http.MethodGet, key, longest)
	if err != nil {
		return name
	}
	return link
}

// Ensure makes the bucket if it is not there.
func (s *Store) Ensure(ctx context.Context) error {
	for _, method := range []string{http.MethodHead, http.MethodPut} {
		status, body, err := s.do(ctx, method)
		if err != nil {
			return fmt.Errorf("looking for bucket %s at %s: %w", s.opts.Bucket, s.base.Host, err)
		}
		switch {
		case status < 300, method == http.MethodPut && status == http.StatusConflict:
			return nil
		case method == http.MethodHead && status == http.StatusNotFound:
			continue
		}
		return fmt.Errorf("%s of bucket %s at %s: status %d: %s", method, s.opts.Bucket, s.base.Host, status, body)
	}
	return nil
}

func (s *Store) do(ctx context.Context, method string) (int, string, error) {
	target, err := s.sign(ctx, s.base, method, "", time.Minute)
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, method, target, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	return resp.StatusCode, string(body), nil
}

func (s *Store) sign(ctx context.Context, base *url.URL, method, key string, lasts time.Duration) (string, error) {
	credentials, err := s.credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the credentials of bucket %s: %w", s.opts.Bucket, err)
	}
	target := *base
	target.Path = strings.TrimSuffix(base.Path, "/") + "/" + s.opts.Bucket
	if key != "" {
		target.Path += "/" + key
	}
	target.RawPath = httpbinding.EscapePath(target.Path, false)
	target.RawQuery = url.Values{"X-Amz-Expires": {strconv.Itoa(int(min(lasts, longest).Seconds()))}}.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), http.NoBody)
	if err != nil {
		return "", fmt.Errorf("signing %s of %s: %w", method, key, err)
	}
	signed, _, err := s.signer.PresignHTTP(ctx, credentials, req, unsigned, "s3", s.opts.Region, s.opts.Now().UTC())
	if err != nil {
		return "", fmt.Errorf("signing %s of %s: %w", method, key, err)
	}
	return signed, nil
}

func endpoint(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("%q is no address of an object store: write it like http://objectstore.atoll-data.svc:7070", text)
	}
	return parsed, nil
}

// Folder reads credentials from its files access-key and secret-key each time, so that new ones count at once.
type Folder string

// Retrieve reads them.
func (f Folder) Retrieve(context.Context) (aws.Credentials, error) {
	var values [2]string
	for i, name := range []string{"access-key", "secret-key"} {
		data, err := os.ReadFile(filepath.Join(string(f), name))
		if err != nil {
			return aws.Credentials{}, fmt.Errorf("reading %s: %w; is the Secret mounted?", name, err)
		}
		values[i] = strings.TrimSpace(string(data))
	}
	return aws.Credentials{AccessKeyID: values[0], SecretAccessKey: values[1], Source: string(f)}, nil
}
