package charts_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// dataAccess are the files that the operator puts into runs.
func dataAccess(t *testing.T, values map[string]any) map[string]string {
	t.Helper()
	for _, obj := range render(t, "directory/operator", values) {
		if m, ok := obj.(*corev1.ConfigMap); ok && m.Name == "data-access" {
			return m.Data
		}
	}
	t.Fatal("the operator's chart has no ConfigMap data-access")
	return nil
}

func TestServersAndRunsFindTheSame(t *testing.T) {
	sameFiles(t, nil, nil)
}

func TestServersAndRunsFindTheSameLeases(t *testing.T) {
	files := sameFiles(t, map[string]any{"dataAccess": map[string]any{
		"enabled": false, "endpoint": "", "region": region, "leases": []any{"tables", "objects"},
	}}, onAWS)
	want := "[default]\nregion = eu-central-1\n"
	for _, kind := range []string{"tables", "objects"} {
		want += "\n[profile " + kind + "]\nregion = eu-central-1\ncredential_process = python3 /run/atoll-data/credentials.py " + kind + "\n"
	}
	if diff := cmp.Diff(want, files["config"]); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
}

// sameFiles are what servers and runs get.
func sameFiles(t *testing.T, hubValues, operatorValues map[string]any) map[string]string {
	t.Helper()
	for _, obj := range render(t, "application/hub", hubValues) {
		m, ok := obj.(*corev1.ConfigMap)
		if !ok || m.Data["hub.yaml"] == "" {
			continue
		}
		var hub struct {
			DataAccess struct{ Config, Credentials string }
		}
		if err := yaml.Unmarshal([]byte(m.Data["hub.yaml"]), &hub); err != nil {
			t.Fatal(err)
		}
		runs := dataAccess(t, operatorValues)
		if got := hub.DataAccess; got.Config == "" || got.Config != runs["config"] || strings.TrimSpace(got.Credentials) != strings.TrimSpace(runs["credentials.py"]) {
			t.Errorf("servers get\n%s\n%s\nand runs\n%s\n%s", got.Config, got.Credentials, runs["config"], runs["credentials.py"])
		}
		return runs
	}
	t.Fatal("the hub's chart has no hub.yaml")
	return nil
}

// TestCredentialsProgram runs what SDKs call in a server, with a stand-in for the operator.
func TestCredentialsProgram(t *testing.T) {
	var token string
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token = r.Header.Get("Authorization")
		if token != "Bearer mine" || r.URL.Path != "/v1/credentials" {
			http.Error(w, "Nothing is granted to you.", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"Version": 1}`))
	})
	server := httptest.NewServer(answers)
	defer server.Close()
	text := dataAccess(t, nil)["credentials.py"]
	const broker = "http://credentials.atoll-directory.svc:8090"
	if !strings.Contains(text, broker) {
		t.Fatalf("it asks somebody else than %s:\n%s", broker, text)
	}
	for name, tt := range map[string]struct{ url, token, says, complains string }{
		"given":     {server.URL, "mine", `{"Version": 1}`, ""},
		"refused":   {server.URL, "other", "", "Nothing is granted to you."},
		"no answer": {"http://127.0.0.1:1", "mine", "", "Try again, or tell the platform team."},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "credentials.py")
			for file, content := range map[string]string{program: strings.Replace(text, broker, tt.url, 1), filepath.Join(dir, "token"): tt.token} {
				if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, problems strings.Builder
			cmd := exec.CommandContext(t.Context(), "python3", program)
			cmd.Env = append(os.Environ(), "http_proxy=http://127.0.0.1:9")
			cmd.Stdout, cmd.Stderr = &out, &problems
			err := cmd.Run()
			if (err == nil) != (tt.complains == "") || out.String() != tt.says || !strings.Contains(problems.String(), tt.complains) {
				t.Errorf("it ended with %v, printed %q and complained %q", err, out.String(), problems.String())
			}
		})
	}
}
