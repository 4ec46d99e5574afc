package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// copied returns a folder with the example's configuration, so that its state stays out of the tree.
func copied(t *testing.T, examples ...string) string {
	t.Helper()
	root, err := kubetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, example := range examples {
		files, err := filepath.Glob(filepath.Join(root, "examples", example))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files match %s: %v", example, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.ReplaceAll(strings.TrimPrefix(file, root+"/"), "/", "-")
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestQuickstart(t *testing.T) {
	dir := copied(t, "quickstart/*.tf")
	kubeconfig, err := server.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := newModule(t, dir)
	m.env = append(m.env, "TF_VAR_kubeconfig="+kubeconfig, "TF_VAR_context=test")
	must := func(code int, args ...string) string {
		t.Helper()
		out, got := m.run(t, append(args, "-no-color")...)
		if got != code {
			t.Fatalf("%v exited with %d, want %d:\n%s", args, got, code, out)
		}
		return out
	}
	must(0, "init", "-input=false")
	must(0, "apply", "-auto-approve", "-input=false")
	if out := must(0, "output", "hub_url"); !strings.Contains(out, kubetest.HubURL) {
		t.Errorf("the output hub_url is %s", out)
	}
	must(0, "plan", "-detailed-exitcode")
	kubectlEdit(t, "workspaces", "fraud", `{"spec":{"quota":{"memory":"64Gi"}}}`)
	out := must(2, "plan", "-detailed-exitcode")
	for _, want := range []string{"atoll_workspace.fraud will be updated in-place", `memory  = "64Gi" -> "8Gi"`, "1 to change, 0 to destroy"} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan after an edit lacks %q:\n%s", want, out)
		}
	}
	must(0, "destroy", "-auto-approve", "-input=false")
	for plural, name := range map[string]string{"workspaces": "fraud", "profiles": "python"} {
		if err := absent(t, plural, name); err != nil {
			t.Errorf("%s %s is still there after destroy: %v", plural, name, err)
		}
	}
}

// required says where the provider comes from, as a configuration does.
const required = "terraform {\n  required_providers {\n    atoll = { source = \"atoll-platform/atoll\" }\n  }\n}\n"

func TestExamplesOfTheReferenceAreValid(t *testing.T) {
	for name, examples := range map[string][]string{
		"provider": {"provider-docs/provider/provider.tf"},
		"rest":     {"provider-docs/resources/*/resource.tf", "provider-docs/data-sources/*/data-source.tf", "provider-docs/ephemeral-resources/*/ephemeral-resource.tf"},
		"function": {"provider-docs/functions/*/function.tf"},
		"report":   {"schedules/*.tf"},
		"import":   {"provider-docs/resources/*/resource.tf", "provider-docs/resources/*/import-by-string-id.tf"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, examples...)
			extra := map[string]string{"ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}
			if name != "provider" && name != "report" {
				extra["versions.tf"] = required
			}
			for file, text := range extra {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if out, code := newModule(t, dir).run(t, "validate", "-no-color"); code != 0 {
				t.Errorf("validate exited with %d:\n%s", code, out)
			}
			if out, code := newModule(t, dir).run(t, "fmt", "-check", "-diff"); code != 0 {
				t.Errorf("the examples are not formatted:\n%s", out)
			}
		})
	}
}
