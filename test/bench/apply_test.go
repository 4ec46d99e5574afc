package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/bench/scale"
)

// objects is how many workspaces are applied; one profile comes with them.
const objects = 2000

// BenchmarkApply measures terraform apply of many workspaces beside the time that the operator needs for the same ones
// when they are created all at once.
func BenchmarkApply(b *testing.B) {
	terraform := os.Getenv("TERRAFORM")
	if terraform == "" {
		b.Fatal("TERRAFORM must name a terraform or tofu command; make bench sets it")
	}
	n := scale.Of(b, objects)
	for b.Loop() {
		alone := operatorAlone(b, n)
		applied, planned := apply(b, terraform, n)
		b.ReportMetric(alone.Seconds(), "s/operator-alone")
		b.ReportMetric(applied.Seconds(), "s/apply")
		b.ReportMetric(planned.Seconds(), "s/plan-after")
		b.ReportMetric(applied.Seconds()/alone.Seconds(), "x-operator")
	}
}

func operatorAlone(b *testing.B, n int) time.Duration {
	b.Helper()
	c := start(b, "none")
	o := operate(b, c)
	defer o.stop()
	started := time.Now()
	c.create(b, profile("python"))
	c.each(b, n, func(ctx context.Context, i int) error { return c.Create(ctx, workspace(i)) })
	c.ready(b, n)
	return time.Since(started)
}

// parallelism is what the guide recommends for many workspaces.
const parallelism = "-parallelism=32"

// config declares what workspace makes.
const config = `
terraform {
  required_providers {
    atoll = { source = "atoll-platform/atoll" }
  }
}

provider "atoll" {
  kubeconfig = %q
}

resource "atoll_profile" "python" {
  name         = "python"
  display_name = "Python"
  image        = "docker.io/atoll/notebook:0.1.0"
  sizes = [{
    name   = "small"
    cpu    = { guarantee = "100m", limit = "1" }
    memory = { guarantee = "256Mi", limit = "1Gi" }
  }]
}

resource "atoll_workspace" "team" {
  count        = %d
  name         = format("team-%%05d", count.index)
  display_name = format("Team team-%%05d", count.index)
  owner        = format("p%%05d", count.index * %d)
  members      = [for k in range(1, %d) : { name = format("p%%05d", count.index * %d + k) }]
  profiles     = [atoll_profile.python.name]
  quota        = { cpu = "32", memory = "64Gi", storage = "200Gi", servers = 10 }
  home         = { size = "10Gi" }
}
`

func apply(b *testing.B, terraform string, n int) (applied, planned time.Duration) {
	b.Helper()
	c := start(b, "none")
	o := operate(b, c)
	defer o.stop()
	dir := b.TempDir()
	text := fmt.Sprintf(config, c.kubeconfig, n, peoplePerWorkspace, peoplePerWorkspace, peoplePerWorkspace)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	run := func(args ...string) time.Duration {
		command := exec.CommandContext(b.Context(), terraform, append([]string{"-chdir=" + dir}, args...)...)
		command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(root(b), "build", "terraform.rc"), "TF_IN_AUTOMATION=1")
		started := time.Now()
		if out, err := command.CombinedOutput(); err != nil {
			b.Fatalf("terraform %v: %v\n%s", args, err, out[max(0, len(out)-4000):])
		}
		return time.Since(started)
	}
	run("init", "-input=false", "-no-color")
	applied = run("apply", "-auto-approve", "-input=false", "-no-color", parallelism)
	planned = run("plan", "-detailed-exitcode", "-input=false", "-no-color", parallelism)
	return applied, planned
}
