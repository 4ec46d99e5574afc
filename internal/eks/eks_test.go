package eks

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	testRegion = "eu-central-1"
	testCA     = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
)

// fakeAWS is EKS and a cluster in one server. It checks what AWS checks: the scope of the signature
// on DescribeCluster, and on the cluster's side the token's signature, by signing again.
type fakeAWS struct {
	*httptest.Server
	keys      aws.Credentials
	described int
	accepted  []string
}

func newFakeAWS(t *testing.T) *fakeAWS {
	f := &fakeAWS{keys: aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /clusters/{name}", f.describe)
	mux.HandleFunc("/api", f.cluster)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAWS) describe(w http.ResponseWriter, r *http.Request) {
	f.described++
	scope := "/" + testRegion + "/eks/aws4_request"
	if auth := r.Header.Get("Authorization"); !strings.Contains(auth, f.keys.AccessKeyID) || !strings.Contains(auth, scope) {
		http.Error(w, `{"message":"not signed for EKS in `+testRegion+`"}`, http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch name := r.PathValue("name"); name {
	case "prod":
		_, _ = fmt.Fprintf(w, `{"cluster":{"name":"prod","status":"ACTIVE","endpoint":%q,"certificateAuthority":{"data":%q}}}`,
			f.URL, base64.StdEncoding.EncodeToString([]byte(testCA)))
	case "young":
		_, _ = fmt.Fprint(w, `{"cluster":{"name":"young","status":"CREATING"}}`)
	default:
		w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprintf(w, `{"message":"No cluster found for name: %s."}`, name)
	}
}

// cluster is the API server with its authenticator.
func (f *fakeAWS) cluster(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if err := f.authenticate(token); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	f.accepted = append(f.accepted, token)
	_, _ = io.Copy(w, r.Body)
}

func (f *fakeAWS) authenticate(token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "k8s-aws-v1."))
	if err != nil || !strings.HasPrefix(token, "k8s-aws-v1.") {
		return fmt.Errorf("not an EKS token: %q", token)
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		return err
	}
	q := u.Query()
	if q.Get("Action") != "GetCallerIdentity" || q.Get("X-Amz-Expires") != "60" {
		return fmt.Errorf("query %v: want GetCallerIdentity for 60 seconds", q)
	}
	if signed := q.Get("X-Amz-SignedHeaders"); signed != "host;x-k8s-aws-id" {
		return fmt.Errorf("signed headers are %q", signed)
	}
	if host := "sts." + testRegion + ".amazonaws.com"; u.Host != host {
		return fmt.Errorf("host is %q, want the regional %q", u.Host, host)
	}
	at, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	got := q.Get("X-Amz-Signature")
	for _, k := range []string{"X-Amz-Signature", "X-Amz-Date", "X-Amz-Credential", "X-Amz-Algorithm", "X-Amz-SignedHeaders"} {
		q.Del(k)
	}
	u.RawQuery = q.Encode()
	again, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	again.Header.Set("x-k8s-aws-id", "prod")
	const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	signed, _, err := v4.NewSigner().PresignHTTP(context.Background(), f.keys, again, emptyHash, "sts", testRegion, at)
	if err != nil {
		return err
	}
	if want, _ := url.Parse(signed); want.Query().Get("X-Amz-Signature") != got {
		return errors.New("the signature does not match: wrong key, cluster or region")
	}
	return nil
}

// find uses the fake for EKS only; tokens are signed for the real STS host and never sent there.
func (f *fakeAWS) find(t *testing.T, name string, now func() time.Time) (*Cluster, error) {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL_EKS", f.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", f.keys.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", f.keys.SecretAccessKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	c, err := Find(t.Context(), name, testRegion)
	if c != nil {
		c.tokens.now = now
	}
	return c, err
}

func TestFind(t *testing.T) {
	f := newFakeAWS(t)
	c, err := f.find(t, "prod", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if c.Endpoint != f.URL || c.CA != testCA {
		t.Errorf("found %q with CA %q", c.Endpoint, c.CA)
	}
}

func TestFindExplains(t *testing.T) {
	f := newFakeAWS(t)
	for name, want := range map[string]string{
		"gone":  `EKS has no cluster "gone" in region eu-central-1`,
		"young": "its status is CREATING, wait until it is ACTIVE",
	} {
		if _, err := f.find(t, name, time.Now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", name, err, want)
		}
	}
}

func TestTokenIsSharedAndRenewed(t *testing.T) {
	f := newFakeAWS(t)
	clock := time.Now()
	c, err := f.find(t, "prod", func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: c.Wrap(http.DefaultTransport)}
	for range 3 {
		send(t, client, f.URL, "")
	}
	if f.accepted[0] != f.accepted[2] {
		t.Error("a new token was signed although the first is fresh")
	}
	clock = clock.Add(tokenLife)
	c.tokens.token = strings.TrimSuffix(c.tokens.token, "x") + "x"
	send(t, client, f.URL, "")
	if n := len(f.accepted); n != 4 {
		t.Errorf("%d requests were accepted, want 4: the old token was sent", n)
	}
	if f.described != 1 {
		t.Errorf("EKS was asked %d times for the cluster, want once", f.described)
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	f := newFakeAWS(t)
	c, err := f.find(t, "prod", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c.tokens.token, c.tokens.signed = "k8s-aws-v1.refused", time.Now()
	client := &http.Client{Transport: c.Wrap(http.DefaultTransport)}
	if got := send(t, client, f.URL, "body"); got != "body" {
		t.Errorf("the repeated request carried %q", got)
	}
}

func send(t *testing.T, client *http.Client, host, body string) string {
	t.Helper()
	resp, err := client.Post(host+"/api", "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", resp.StatusCode, got)
	}
	return string(got)
}
