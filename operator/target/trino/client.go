// Package trino keeps the decision point that Trino asks in step with what is granted.
package trino

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/operator/policy"
)

// Options say where the decision point is and how the operator shows itself.
type Options struct {
	// Endpoint is its address, such as https://trino.atoll-directory:8444.
	Endpoint string
	// Authority is a file with the certificate that signed that of the decision point.
	Authority string
	// Token is a file with what the operator shows. Both are read at each connection or request, so that new ones need no
	// restart.
	Token string
}

// errBase says that the decision point has another snapshot than was thought.
var errBase = errors.New("the decision point has another snapshot")

// retries of a request that nobody answered: three in half a second, since who waits is somebody's revocation.
var retries = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 4}

// Client talks to the decision point.
type Client struct {
	options Options
	http    *http.Client
}

// New makes a client. It calls nothing yet.
func New(o Options) *Client {
	c := &Client{options: o}
	c.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialTLSContext:  c.dial,
		IdleConnTimeout: time.Minute,
	}}
	return c
}

// dial trusts the authority as it is on disk now.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	pem, err := os.ReadFile(c.options.Authority)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the decision point's authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the certificate of the decision point's authority: there is none in %s", c.options.Authority)
	}
	dialer := &tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool}}
	return dialer.DialContext(ctx, network, address)
}

// Live reads all that the decision point decides by.
func (c *Client) Live(ctx context.Context) (policy.Push, error) {
	var live policy.Push
	err := c.do(ctx, http.MethodGet, policy.PathSnapshot, nil, func(body io.Reader) (err error) {
		live, err = policy.ParsePush(body)
		return err
	})
	return live, err
}

// Push changes what the decision point decides by.
func (c *Client) Push(ctx context.Context, push policy.Push) (policy.Status, error) {
	body, err := json.Marshal(push)
	if err != nil {
		return policy.Status{}, fmt.Errorf("writing the push: %w", err)
	}
	var status policy.Status
	err = c.do(ctx, http.MethodPatch, policy.PathSnapshot, body, func(body io.Reader) error {
		return json.NewDecoder(body).Decode(&status)
	})
	return status, err
}

// do sends a request, again and again where nobody answers. A push may be sent twice: it states what there shall be.
func (c *Client) do(ctx context.Context, method, path string, body []byte, read func(io.Reader) error) error {
	address, err := url.JoinPath(c.options.Endpoint, path)
	if err != nil {
		return fmt.Errorf("the address of the decision point is %q: %w", c.options.Endpoint, err)
	}
	var last error
	err = wait.ExponentialBackoffWithContext(ctx, retries, func(ctx context.Context) (bool, error) {
		var again bool
		again, last = c.once(ctx, method, address, body, read)
		if again {
			return false, nil
		}
		return true, last
	})
	if last != nil {
		err = last // It says more than that time is up.
	}
	if err != nil {
		return fmt.Errorf("asking the decision point at %s: %w", c.options.Endpoint, err)
	}
	return nil
}

func (c *Client) once(ctx context.Context, method, address string, body []byte, read func(io.Reader) error) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	token, err := os.ReadFile(c.options.Token)
	if err != nil {
		return false, fmt.Errorf("reading the operator's token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	res, err := c.http.Do(req)
	if err != nil {
		return true, err
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
		return false, read(res.Body)
	case http.StatusConflict:
		return false, errBase
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1024))
	return res.StatusCode >= http.StatusInternalServerError, fmt.Errorf("it answered %s: %s", res.Status, strings.TrimSpace(string(text)))
}
