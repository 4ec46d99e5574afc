package eks

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	tokenPrefix   = "k8s-aws-v1." //nolint:gosec // the public beginning of every token, none itself
	clusterHeader = "x-k8s-aws-id"
	expires       = "60"
	// EKS takes a token for 15 minutes after it was signed; a new one is made well before that.
	tokenLife = 10 * time.Minute
)

// tokens signs a token when there is none or the last one is old, and shares it.
type tokens struct {
	sts     *sts.PresignClient
	cluster string
	now     func() time.Time

	mu     sync.Mutex
	token  string
	signed time.Time
}

func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && t.now().Sub(t.signed) < tokenLife {
		return t.token, nil
	}
	request, err := t.sts.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.Presigner = forCluster{o.Presigner, t.cluster}
	})
	if err != nil {
		return "", fmt.Errorf("signing a token for EKS cluster %q: %w", t.cluster, err)
	}
	t.token = tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(request.URL))
	t.signed = t.now()
	return t.token, nil
}

// drop forgets a token that the cluster refused, unless another request has renewed it already.
func (t *tokens) drop(refused string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == refused {
		t.token = ""
	}
}

// forCluster binds the signature to one cluster and to a minute.
type forCluster struct {
	sts.HTTPPresignerV4
	cluster string
}

func (p forCluster) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request,
	payloadHash, service, region string, at time.Time, options ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	r.Header.Set(clusterHeader, p.cluster)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", nil, fmt.Errorf("reading the query to sign: %w", err)
	}
	query.Set("X-Amz-Expires", expires)
	r.URL.RawQuery = query.Encode()
	return p.HTTPPresignerV4.PresignHTTP(ctx, credentials, r, payloadHash, service, region, at, options...)
}

// Wrap adds a fresh token to each request, and tries once more with a new one where the cluster
// refused the old.
func (c *Cluster) Wrap(next http.RoundTripper) http.RoundTripper {
	return &transport{tokens: c.tokens, next: next}
}

type transport struct {
	tokens *tokens
	next   http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.tokens.get(r.Context())
	if err != nil {
		return nil, err
	}
	resp, err := t.send(r, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	t.tokens.drop(token)
	again := r.Clone(r.Context())
	if r.Body != nil {
		if r.GetBody == nil {
			return resp, nil
		}
		if again.Body, err = r.GetBody(); err != nil {
			return resp, nil //nolint:nilerr // the refusal is the answer when the body cannot be sent again
		}
	}
	if token, err = t.tokens.get(r.Context()); err != nil {
		return resp, nil //nolint:nilerr // the refusal says more than the failed renewal
	}
	_ = resp.Body.Close()
	return t.send(again, token)
}

func (t *transport) send(r *http.Request, token string) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return t.next.RoundTrip(r)
}
