package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// quickstart is a copy of examples/quickstart, with a state of its own, for each command that runs it.
func (p *platform) quickstart(t testing.TB, binary string) *terraform.Options {
	t.Helper()
	dir := p.path(filepath.Join("build", "e2e", p.name, filepath.Base(binary)))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, name := range []string{"main.tf", "variables.tf", "outputs.tf"} {
		text, err := os.ReadFile(p.path(filepath.Join("examples/quickstart", name)))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	return &terraform.Options{
		TerraformBinary: binary,
		TerraformDir:    dir,
		NoColor:         true,
		EnvVars: map[string]string{
			"TF_CLI_CONFIG_FILE": p.path("build/terraform.rc"),
			"TF_VAR_kubeconfig":  p.kubeconfig,
			"TF_VAR_context":     p.context(),
		},
	}
}

// forgetProvider lets the next init accept a provider that was built anew since the last run:
// the lock names the checksum of the earlier one.
func forgetProvider(t testing.TB, options *terraform.Options) {
	t.Helper()
	require.NoError(t, os.RemoveAll(filepath.Join(options.TerraformDir, ".terraform.lock.hcl")))
}

func testApply(t testing.TB, p *platform) {
	options := p.quickstart(t, p.terraform)
	forgetProvider(t, options)
	terraform.InitContext(t, t.Context(), options)
	// Killed at several points: the next run goes on from there.
	for _, after := range []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 900 * time.Millisecond} {
		p.killedAfter(t, after, options.TerraformDir, options.EnvVars, p.terraform, "apply", "-auto-approve", "-input=false", "-no-color")
	}
	started := time.Now()
	terraform.InitAndApplyContext(t, t.Context(), options)
	t.Logf("init and apply took %s", time.Since(started).Round(time.Millisecond))
	require.Equal(t, 0, terraform.PlanExitCodeContext(t, t.Context(), options), "a plan right after apply shows changes")

	var ws v1alpha1.Workspace
	require.NoError(t, p.client(t).Get(t.Context(), client.ObjectKey{Name: "fraud"}, &ws))
	require.Equal(t, "ws-fraud", ws.Status.Namespace)
	require.Equal(t, ws.Generation, ws.Status.ObservedGeneration)
}

// testDrift edits a quota by hand: the plan must say so and name the attribute.
func testDrift(t testing.TB, p *platform) {
	options := p.quickstart(t, p.terraform)
	c := p.client(t)
	setCPU := func(value string) string {
		var ws v1alpha1.Workspace
		require.NoError(t, c.Get(t.Context(), client.ObjectKey{Name: "fraud"}, &ws))
		was := ws.Spec.Quota.CPU.String()
		p.kubectl(t, "patch", "workspace", "fraud", "--type=merge", "-p", `{"spec":{"quota":{"cpu":"`+value+`"}}}`)
		return was
	}
	was := setCPU("3500m")
	require.Equal(t, 2, terraform.PlanExitCodeContext(t, t.Context(), options))
	require.Regexp(t, `(?s)quota.*~ cpu +=`, terraform.PlanContext(t, t.Context(), options))
	setCPU(was)
	require.Equal(t, 0, terraform.PlanExitCodeContext(t, t.Context(), options))
}

// testOpenTofu takes the quickstart over with OpenTofu: the homes that Terraform's
// workspaces leave behind are found again.
func testOpenTofu(t testing.TB, p *platform) {
	options := p.quickstart(t, p.terraform)
	forgetProvider(t, options)
	terraform.InitContext(t, t.Context(), options)
	terraform.DestroyContext(t, t.Context(), options)

	options = p.quickstart(t, p.bin("tofu"))
	forgetProvider(t, options)
	terraform.InitAndApplyContext(t, t.Context(), options)
	require.Equal(t, 0, terraform.PlanExitCodeContext(t, t.Context(), options))
	session := p.signIn(t, "ada")
	ctx, cancel := withTimeout(t, 3*time.Minute)
	defer cancel()
	require.NoError(t, session.Start(ctx, "fraud", hubDefaults))
	text, err := session.ReadFile(ctx, "fraud", fileOfAda)
	require.NoError(t, err, "ada's file must survive the deletion and return of the workspace")
	require.Equal(t, textOfAda, text)
	require.NoError(t, session.Stop(ctx, "fraud"))
	terraform.DestroyContext(t, t.Context(), options)
}
