package aws

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/shell"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// TestPlatform makes a platform from nothing. While working on one stage, leave others out with SKIP_<stage>=1;
// SKIP_destroy=1 keeps all of it for the next run, and goes on costing money.
func TestPlatform(t *testing.T) {
	w := newWorld(t)
	stage(t, "network", func(t *testing.T) { w.apply(t, "module.platform.module.network") })
	stage(t, "cluster", func(t *testing.T) { w.apply(t, "module.platform.module.cluster") })
	stage(t, "storage", func(t *testing.T) { w.apply(t, "module.platform.module.storage") })
	stage(t, "identity", func(t *testing.T) {
		w.apply(t, "")
		require.Equal(t, 0, terraform.PlanExitCodeContext(t, t.Context(), w.options), "a plan right after apply shows changes")
	})
	stage(t, "bootstrap", func(t *testing.T) { w.bootstrap(t) })
	stage(t, "validate", func(t *testing.T) { w.validate(t) })
	stage(t, "destroy", func(t *testing.T) { w.destroy(t) })
	stage(t, "left", func(t *testing.T) { w.nothingLeft(t) })
}

// apply applies one module with what it needs, or all.
func (w *world) apply(t *testing.T, target string) {
	t.Helper()
	options := *w.options
	if target != "" {
		options.Targets = []string{target}
	}
	terraform.InitAndApplyContext(t, t.Context(), &options)
	if target != "" {
		require.Contains(t, w.state(t), target+".", "nothing of %s is there", target)
	}
}

func (w *world) state(t *testing.T) string {
	t.Helper()
	return terraform.RunTerraformCommandContext(t, t.Context(), w.options, "state", "list")
}

func (w *world) kubeconfig() string { return filepath.Join(w.dir, "kubeconfig") }

// bootstrap lays the platform down on the cluster as its next steps say. The hub keeps its state on a volume here: the
// database is reached from within the VPC alone, and nobody is there to make its roles.
func (w *world) bootstrap(t *testing.T) {
	t.Helper()
	file := filepath.Join(w.dir, "platform.yaml")
	text := terraform.OutputContext(t, t.Context(), w.options, "platform_yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(text, "hub-database", "")), 0o600))
	if offline() {
		return
	}
	class := filepath.Join(w.dir, "storage-class.yaml")
	require.NoError(t, os.WriteFile(class, []byte(terraform.OutputContext(t, t.Context(), w.options, "storage_class_yaml")), 0o600))
	command := strings.Fields(terraform.OutputContext(t, t.Context(), w.options, "kubeconfig_command"))
	w.run(t, command[0], command[1:]...)
	w.run(t, "kubectl", "apply", "-f", class)
	w.run(t, "kubectl", "create", "namespace", "atoll-application")
	w.run(t, "kubectl", "-n", "atoll-application", "create", "secret", "generic", "atoll-oidc", "--from-literal=client-secret=test")
	w.run(t, filepath.Join(w.root, "bin", "atoll"), "check", "-f", file)
	w.run(t, filepath.Join(w.root, "bin", "atoll"), "bootstrap", "-f", file)
}

// validate looks at what only a real account shows: nodes of each subcluster, network policies, homes on EFS, roles of
// pods, no role of the node for a pod.
func (w *world) validate(t *testing.T) {
	t.Helper()
	require.Equal(t, "3", terraform.OutputContext(t, t.Context(), w.options, "subnets"))
	if offline() {
		return
	}
	for _, subcluster := range []string{"directory", "system", "data", "application"} {
		require.NotEmpty(t, w.run(t, "kubectl", "get", "nodes", "-l", "atoll.dev/subcluster="+subcluster, "-o", "name"), "%s has no node", subcluster)
	}
	w.run(t, filepath.Join(w.root, "bin", "atoll"), "status") // fails when something is not ready
	w.run(t, "kubectl", "apply", "-f", filepath.Join(w.root, "test", "aws", "testdata", "probe.yaml"))
	w.run(t, "kubectl", "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/home", "--timeout=5m")
	w.run(t, "kubectl", "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/metadata", "--timeout=5m")
	w.run(t, "kubectl", "delete", "-f", filepath.Join(w.root, "test", "aws", "testdata", "probe.yaml"))
}

func (w *world) destroy(t *testing.T) {
	t.Helper()
	if !offline() {
		// The installer first: load balancers and volumes are the cluster's to remove.
		w.run(t, filepath.Join(w.root, "bin", "atoll"), "destroy", "--yes", "--delete-data")
	}
	terraform.DestroyContext(t, t.Context(), w.options)
	require.Empty(t, strings.TrimSpace(w.state(t)), "the state still has resources")
}

// nothingLeft lists what carries the platform's tag. Keys wait 30 days for their deletion; nothing else stays.
func (w *world) nothingLeft(t *testing.T) {
	t.Helper()
	if offline() {
		t.Skip("there is no account to look at")
	}
	out := w.run(t, "aws", "resourcegroupstaggingapi", "get-resources", "--region", w.region, "--tag-filters", "Key=atoll.dev/platform,Values="+w.name,
		"--query", "ResourceTagMappingList[].ResourceARN", "--output", "text")
	left := slices.DeleteFunc(strings.Fields(out), func(arn string) bool { return strings.Contains(arn, ":kms:") })
	require.Empty(t, left, "left in the account")
	require.NoError(t, os.RemoveAll(w.dir))
}

func (w *world) run(t *testing.T, program string, args ...string) string {
	t.Helper()
	return shell.RunCommandContextAndGetOutput(t, t.Context(), &shell.Command{
		Command: program, Args: args, Env: map[string]string{"KUBECONFIG": w.kubeconfig()},
	})
}
