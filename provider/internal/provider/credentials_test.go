package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// TestCredentialsAreUsedAndLeftNowhere applies with a real command line: a second provider signs in with the secret, which shows that
// it was there, and then every file and all output is searched for it.
func TestCredentialsAreUsedAndLeftNowhere(t *testing.T) {
	l := lends(t, time.Now().Add(24*time.Hour))
	kubectlCreate(t, "datasets", strings.ReplaceAll(goodDatasetManifest, `"good"`, `"read-with-credentials"`))
	t.Cleanup(func() {
		if err := server.Admin.Resource(kubetest.Resource("datasets")).Delete(context.Background(), "read-with-credentials", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	config := required + fmt.Sprintf(`
provider "atoll" {
  host = %[1]q
}

ephemeral "atoll_data_credentials" "sales" {
  person   = "etl-fraud"
  dataset  = "sales"
  duration = "15m"
}

provider "atoll" {
  alias = "reader"
  host  = %[1]q
  token = ephemeral.atoll_data_credentials.sales.secret_access_key
}

data "atoll_dataset" "one" {
  provider = atoll.reader
  name     = "read-with-credentials"
}

resource "terraform_data" "kept" {
  input = data.atoll_dataset.one.owner
}
`, server.URL)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	// The provider logs from within the test, and the command line by itself.
	t.Setenv("TF_LOG", "TRACE")
	t.Setenv("TF_ACC_LOG_PATH", filepath.Join(dir, "provider.log"))
	m := newModule(t, dir)
	m.env = append(m.env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(dir, "trace.log"))
	var printed strings.Builder
	server.Requests.Reset()
	for _, args := range [][]string{
		{"init", "-input=false"}, {"plan", "-input=false", "-out=saved.plan"}, {"show", "-json", "saved.plan"}, {"apply", "-input=false", "saved.plan"}, {"show", "-json"},
	} {
		out, code := m.run(t, append(args, "-no-color")...)
		printed.WriteString(out)
		if code != 0 {
			t.Fatalf("%v exited with %d:\n%s", args, code, out)
		}
	}
	if !slices.Contains(server.Requests.Tokens(), secretOfKeys) {
		t.Error("the credentials were not used")
	}
	all := l.requests()
	if len(all) != 2 || all[0].PublicKey == all[1].PublicKey {
		t.Errorf("a plan and an apply made the requests %+v", all)
	}
	for _, spec := range all {
		if spec.Person != "etl-fraud" || spec.Dataset != "sales" || spec.ExpirationSeconds != 900 || spec.RequestedBy == "" {
			t.Errorf("it asked for %+v", spec)
		}
	}
	if left := requestsLeft(t); len(left) > 0 {
		t.Errorf("these were not given back: %v", left)
	}
	for _, name := range []string{"provider.log", "trace.log", "saved.plan", "terraform.tfstate"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("there is nothing to search in %s: %v", name, err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), secretOfKeys) {
			t.Errorf("the secret is in %s", d.Name())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if strings.Contains(printed.String(), secretOfKeys) {
		t.Error("the secret was printed")
	}
	if state, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate")); err != nil || !strings.Contains(string(state), "olga") {
		t.Errorf("the state does not have what was applied: %v", err)
	}
}

// TestTheExampleOfCredentials runs it with a stand-in for AWS' command line.
func TestTheExampleOfCredentials(t *testing.T) {
	lends(t, time.Now().Add(24*time.Hour))
	dir, programs := copied(t, "provider-docs/ephemeral-resources/atoll_data_credentials/*.tf"), t.TempDir()
	files := map[string]string{
		filepath.Join(dir, "provider.tf"): required + fmt.Sprintf("provider \"atoll\" {\n  host = %q\n}\n", server.URL),
		filepath.Join(programs, "aws"):    "#!/bin/sh\necho \"$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_ENDPOINT_URL $AWS_REGION $*\" | tee " + filepath.Join(programs, "called") + "\n",
	}
	for file, text := range files {
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	m := newModule(t, dir)
	m.env = append(m.env, "PATH="+programs+":"+os.Getenv("PATH"))
	for _, args := range [][]string{{"init", "-input=false"}, {"apply", "-input=false", "-auto-approve"}} {
		out, code := m.run(t, append(args, "-no-color")...)
		if code != 0 || strings.Contains(out, secretOfKeys) {
			t.Fatalf("%v exited with %d:\n%s", args, code, out)
		}
	}
	called, err := os.ReadFile(filepath.Join(programs, "called"))
	if want := "AKIAIOSFODNN7EXAMPLE " + secretOfKeys + " https://s3.example.com us-east-1 s3 cp s3://rates/2027/01.csv .\n"; err != nil || string(called) != want {
		t.Errorf("it was called with %q (%v), want %q", called, err, want)
	}
	if left := requestsLeft(t); len(left) > 0 {
		t.Errorf("these were not given back: %v", left)
	}
}

func TestCredentialsAreRenewedAndGivenBack(t *testing.T) {
	ends := time.Now().UTC().Add(11 * time.Minute).Truncate(time.Second)
	lends(t, ends)
	s := connected(t)
	first, values := s.credentials(`{"person": "ada", "duration": "5m"}`)
	s.succeeded()
	until, err := time.Parse(time.RFC3339, values["expiration"])
	for name, want := range map[string]string{
		"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": secretOfKeys, "endpoint": "https://s3.example.com", "region": "us-east-1", "person": "ada",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if err != nil || !first.RenewAt.Before(until) || first.RenewAt.Before(until.Add(-5*time.Minute)) {
		t.Errorf("they end at %s (%v) and are renewed at %s", until, err, first.RenewAt)
	}
	remembered := map[string][]byte{}
	if err := json.Unmarshal(first.Private, &remembered); err != nil || len(remembered) == 0 {
		t.Fatalf("remembered is %s, %v", first.Private, err)
	}
	for key, text := range remembered {
		if strings.Contains(string(text), secretOfKeys) || !strings.Contains(string(text), "tf-") {
			t.Errorf("remembered as %s is %s", key, text)
		}
	}
	second, _ := s.credentials(`{"person": "ada"}`)
	s.succeeded()
	if left := requestsLeft(t); len(left) != 2 {
		t.Errorf("two have the requests %v", left)
	}
	s.giveBack(second.Private)
	s.succeeded()
	again := s.renew(first.Private)
	s.succeeded()
	if !again.RenewAt.After(first.RenewAt) || !again.RenewAt.Before(until.Add(5*time.Minute)) {
		t.Errorf("after a renewal the next is at %s, and the first was at %s", again.RenewAt, first.RenewAt)
	}
	last := s.renew(again.Private)
	s.succeeded()
	if !last.RenewAt.Before(ends) {
		t.Errorf("they end at %s and are renewed at %s", ends, last.RenewAt)
	}
	over := s.renew(last.Private)
	s.says("WARNING", "end at "+string(v1alpha1.At(ends))+" and cannot be made longer")
	if !over.RenewAt.IsZero() {
		t.Errorf("they are renewed at %s although they cannot be", over.RenewAt)
	}
	s.giveBack(over.Private)
	s.succeeded()
	if left := requestsLeft(t); len(left) > 0 {
		t.Errorf("these were not given back: %v", left)
	}
	s.renew(first.Private)
	s.says("is gone")
}

func TestCredentialsThatAreRefused(t *testing.T) {
	lends(t, time.Now().Add(24*time.Hour))
	s := connected(t)
	s.credentials(`{"person": "nobody", "dataset": "sales"}`)
	s.says(`AttributeName("person")`, "Could not get credentials of nobody: NothingGranted", "ask its owner for a grant")
	s.credentials(`{"person": "ada", "dataset": "gone"}`)
	s.says(`AttributeName("dataset")`, "DatasetNotFound")
	if left := requestsLeft(t); len(left) > 0 {
		t.Errorf("what was refused is left: %v", left)
	}
	// A kubeconfig may act as somebody: here as one without a role.
	file, err := server.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "user: {}", "user: {as: eve}", 1))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	eve := newSession(t, fmt.Sprintf(`{"kubeconfig": %q, "context": "test"}`, file))
	eve.credentials(`{"person": "ada"}`)
	eve.says("that is not allowed", `User "eve" cannot create resource "credentialrequests" in API group "atoll.dev"`, "ClusterRole atoll-data-credentials", "verb actas", "resourceNames [ada]")
	nowhere := newSession(t, `{"host": "http://127.0.0.1:1"}`)
	nowhere.credentials(`{"person": "ada"}`)
	nowhere.says("Could not ask for", "connection refused")
}

func TestCredentialsOfBadInput(t *testing.T) {
	s := connected(t)
	typ := s.schema.EphemeralResourceSchemas[credentialsKind].ValueType()
	for name, tt := range map[string]struct {
		config string
		says   []string
	}{
		"good":              {`{"person": "ada@example.com", "dataset": "sales", "duration": "15m"}`, nil},
		"not known yet":     {`{"person": "<unknown>", "dataset": "<unknown>", "duration": "<unknown>"}`, nil},
		"nobody":            {`{"person": ""}`, []string{"person", "between 1 and 253"}},
		"no person":         {`{}`, []string{"Missing Configuration", "person"}},
		"a program":         {`{"person": "system:serviceaccount:ci:ci"}`, []string{"person", "system: accounts are none"}},
		"a space":           {`{"person": "ada b"}`, []string{"person", "white space"}},
		"a dataset's case":  {`{"person": "ada", "dataset": "Sales"}`, []string{"dataset", "lower-case letters"}},
		"a dataset's path":  {`{"person": "ada", "dataset": "s3://lake/sales"}`, []string{"dataset", "lower-case letters"}},
		"too short":         {`{"person": "ada", "duration": "59s"}`, []string{"duration", "must be from 1m to 1h"}},
		"too long":          {`{"person": "ada", "duration": "61m"}`, []string{"duration", "must be from 1m to 1h"}},
		"a negative one":    {`{"person": "ada", "duration": "-5m"}`, []string{"duration", "must be from 1m to 1h"}},
		"no duration":       {`{"person": "ada", "duration": "soon"}`, []string{"duration", `"soon"`}},
		"seconds as number": {`{"person": "ada", "duration": "900"}`, []string{"duration", `"900"`}},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := s.api.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
				TypeName: credentialsKind, Config: s.wire(typ, s.decode(typ, tt.config)),
			})
			if err != nil {
				t.Fatal(err)
			}
			on := &session{t: t, problems: resp.Diagnostics}
			if len(tt.says) == 0 {
				on.succeeded()
			}
			on.says(tt.says...)
		})
	}
	if seen := server.Requests.Seen(); len(seen) > 0 {
		t.Errorf("checking a configuration made the requests %v", seen)
	}
}

// TestTheSecretIsMarkedAsOne has command lines hide it where they show values.
func TestTheSecretIsMarkedAsOne(t *testing.T) {
	for _, a := range connected(t).schema.EphemeralResourceSchemas[credentialsKind].Block.Attributes {
		if a.Sensitive != (a.Name == "secret_access_key") {
			t.Errorf("%s is sensitive: %v", a.Name, a.Sensitive)
		}
	}
}
