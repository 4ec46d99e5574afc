package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const trinoHost = "trino.atoll-directory"

// engine is the platform's Trino as it is reached from the machine.
type engine struct {
	http   *http.Client
	tokens map[string]string
}

// queryError is what Trino says of a query that fails.
type queryError struct{ text string }

func (e *queryError) Error() string { return e.text }

// engine gives people the tokens that their pods would have.
func (p *platform) engine(t testing.TB, workspace string, people ...string) *engine {
	t.Helper()
	door := p.openDoor(t.Context(), t, "atoll-directory", "trino", 8443, 8444)
	e := &engine{http: p.trusting(t, map[string]string{"8443": door[8443], "8444": door[8444]}), tokens: map[string]string{}}
	accounts := p.clientset(t).CoreV1().ServiceAccounts("ws-" + workspace)
	for _, person := range people {
		var token *authenticationv1.TokenRequest
		eventually(t, time.Minute, "the account of "+person, func(ctx context.Context) (bool, error) {
			var err error
			token, err = accounts.CreateToken(ctx, "person-"+person, &authenticationv1.TokenRequest{
				Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"trino"}, ExpirationSeconds: ptr.To[int64](3600)},
			}, metav1.CreateOptions{})
			return err == nil, nil
		})
		e.tokens[person] = token.Status.Token
	}
	return e
}

// trusting is a client that reaches Trino's ports at the addresses, and trusts the authority of its certificate alone.
func (p *platform) trusting(t testing.TB, addresses map[string]string) *http.Client {
	t.Helper()
	var secret corev1.Secret
	require.NoError(t, p.client(t).Get(t.Context(), client.ObjectKey{Namespace: "atoll-directory", Name: "trino-tls"}, &secret))
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(secret.Data["ca.crt"]))
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool},
		DialContext: func(ctx context.Context, network, at string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(at)
			if err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, addresses[port])
		},
	}}
}

// query runs SQL as a person and returns the rows.
func (e *engine) query(ctx context.Context, person, sql string) ([][]any, error) {
	var rows [][]any
	method, at, body := http.MethodPost, "https://"+trinoHost+":8443/v1/statement", sql
	for at != "" {
		req, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+e.tokens[person])
		res, err := e.http.Do(req)
		if err != nil {
			return nil, err
		}
		raw, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return nil, err
		}
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("Trino answered %s: %.300s", res.Status, raw)
		}
		var page struct {
			NextURI string                    `json:"nextUri"`
			Data    [][]any                   `json:"data"`
			Error   *struct{ Message string } `json:"error"`
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, err
		}
		if page.Error != nil {
			return nil, &queryError{page.Error.Message}
		}
		rows = append(rows, page.Data...)
		method, at, body = http.MethodGet, page.NextURI, ""
	}
	return rows, nil
}

// table has carol make a table, and returns what has her drop it.
func (e *engine) table(ctx context.Context, t testing.TB, name, as string) func() {
	t.Helper()
	_, err := e.query(ctx, "carol", "CREATE TABLE memory.default."+name+" AS "+as)
	require.NoError(t, err)
	return func() {
		_, err := e.query(ctx, "carol", "DROP TABLE memory.default."+name)
		require.NoError(t, err)
	}
}

// refusal is how Trino refuses data: what somebody may not see is not there for them.
var refusal = regexp.MustCompile("Access Denied|does not exist|not found or not allowed")

// may says whether the person may run the SQL; any other failure than a refusal fails the test.
func (e *engine) may(ctx context.Context, t testing.TB, person, sql string) bool {
	t.Helper()
	_, err := e.query(ctx, person, sql)
	if err == nil {
		return true
	}
	var failed *queryError
	require.ErrorAs(t, err, &failed, "%s: %s", person, sql)
	require.Regexp(t, refusal, failed.text, "%s: %s", person, sql)
	return false
}

// denied fails the test unless Trino refuses the person the SQL.
func (e *engine) denied(ctx context.Context, t testing.TB, person, sql string) {
	t.Helper()
	require.False(t, e.may(ctx, t, person, sql), "%s: %s", person, sql)
}
