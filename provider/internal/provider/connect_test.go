package provider_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// reaches reads an object with a configuration of the provider.
func reaches(t *testing.T, config string) *session {
	t.Helper()
	name := strings.NewReplacer("/", "-", "_", "-").Replace(strings.ToLower(t.Name()))
	made := connected(t).create(workspaceKind, team(name[:min(len(name), 40)]))
	s := newSession(t, config)
	server.Requests.Reset()
	s.read(made)
	return s
}

func TestConnectByKubeconfig(t *testing.T) {
	file, err := server.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	reaches(t, fmt.Sprintf(`{"kubeconfig": %q, "context": "test"}`, file)).succeeded()
}

func TestConnectNamesAMissingContext(t *testing.T) {
	file, err := server.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := reaches(t, fmt.Sprintf(`{"kubeconfig": %q, "context": "other"}`, file))
	s.says("cannot be reached with this provider configuration", `no context "other"`)
}

func TestConnectByEnvironment(t *testing.T) {
	file, err := server.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range []string{"KUBECONFIG", "KUBE_CONFIG_PATH"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, file)
			t.Setenv("KUBE_CTX", "test")
			reaches(t, `{}`).succeeded()
		})
	}
	t.Run("home", func(t *testing.T) {
		t.Setenv("HOME", filepath.Dir(file))
		reaches(t, `{"kubeconfig": "~/kubeconfig"}`).succeeded()
	})
}

func TestConnectByToken(t *testing.T) {
	reaches(t, fmt.Sprintf(`{"host": %q, "token": "a-token"}`, server.URL)).succeeded()
	if !slices.Contains(server.Requests.Tokens(), "a-token") {
		t.Errorf("the tokens sent were %q", server.Requests.Tokens())
	}
}

func TestConnectByExec(t *testing.T) {
	program := filepath.Join(t.TempDir(), "credentials")
	script := "#!/bin/sh\n" + `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s"}}' "$1" "$WHO"` + "\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	reaches(t, fmt.Sprintf(`{"host": %q, "exec": {"command": %q, "args": ["printed"], "env": {"WHO": "for-me"}}}`, server.URL, program)).succeeded()
	if !slices.Contains(server.Requests.Tokens(), "printed-for-me") {
		t.Errorf("the tokens sent were %q", server.Requests.Tokens())
	}
}

// TestConnectByEKS runs against a fake of EKS that gives the test's server as the cluster's endpoint.
func TestConnectByEKS(t *testing.T) {
	tls := httptest.NewTLSServer(nil)
	defer tls.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})
	described := 0
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		described++
		if r.Method != http.MethodGet || r.URL.Path != "/clusters/prod" || !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/eks/aws4_request") {
			http.Error(w, "not DescribeCluster of prod", http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprintf(w, `{"cluster":{"name":"prod","status":"ACTIVE","endpoint":%q,"certificateAuthority":{"data":%q}}}`,
			server.URL, base64.StdEncoding.EncodeToString(ca))
	}))
	defer aws.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_EKS": aws.URL, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	s := reaches(t, `{"eks": {"cluster_name": "prod", "region": "eu-central-1"}}`)
	s.succeeded()
	s.plan(s.none(workspaceKind), team("more"))
	for _, token := range server.Requests.Tokens() {
		if !strings.HasPrefix(token, "k8s-aws-v1.") {
			t.Errorf("the request carried the token %q", token)
		}
	}
	if described != 1 || len(server.Requests.Tokens()) == 0 {
		t.Errorf("EKS was asked %d times, the cluster %d times", described, len(server.Requests.Tokens()))
	}
}
