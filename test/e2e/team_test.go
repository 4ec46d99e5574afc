package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// testTeam applies examples/team-repo beside what is there, and breaks one of its files.
func testTeam(t testing.TB, p *platform) {
	top := p.path(filepath.Join("build", "e2e", p.name, "team"))
	require.NoError(t, os.RemoveAll(top))
	for _, folder := range []string{"modules/team", "examples/team-repo"} {
		require.NoError(t, os.CopyFS(filepath.Join(top, folder), os.DirFS(p.path(folder))))
	}
	options := &terraform.Options{
		TerraformBinary: p.terraform,
		TerraformDir:    filepath.Join(top, "examples/team-repo"),
		NoColor:         true,
		EnvVars: map[string]string{
			"TF_CLI_CONFIG_FILE": p.path("build/terraform.rc"), "TF_VAR_kubeconfig": p.kubeconfig, "TF_VAR_context": p.context(),
		},
	}
	started := time.Now()
	terraform.InitAndApplyContext(t, t.Context(), options)
	t.Logf("init and apply of the team's repository took %s", time.Since(started).Round(time.Millisecond))
	require.Equal(t, 0, terraform.PlanExitCodeContext(t, t.Context(), options), "a plan right after apply shows changes")

	var ws v1alpha1.Workspace
	require.NoError(t, p.client(t).Get(t.Context(), client.ObjectKey{Name: "forecasting"}, &ws))
	require.Equal(t, "ws-forecasting", ws.Status.Namespace)

	file := filepath.Join(options.TerraformDir, "team/workspaces/forecasting.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), "servers: 5", "servers: many", 1)), 0o600))
	out, err := terraform.PlanContextE(t, t.Context(), options)
	require.Error(t, err)
	require.Contains(t, strings.Join(strings.Fields(out+err.Error()), " "), "workspaces/forecasting.yaml: quota.servers: it is a text;")

	require.NoError(t, os.WriteFile(file, text, 0o600))
	terraform.DestroyContext(t, t.Context(), options)
}
