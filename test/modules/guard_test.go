package modules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var prevent = regexp.MustCompile(`prevent_destroy\s*= true`)

// TestReplacementIsRefused changes what AWS cannot change in place, below a state that was applied. Terraform itself
// refuses the plan; where somebody has taken that protection out, `atoll guard` refuses it.
func TestReplacementIsRefused(t *testing.T) {
	tests := map[string]struct{ file, old, text, address, lost string }{
		"the network": {
			"examples/aws-complete/main.tf", `nat = "PerZone"`, `nat = "PerZone", cidr = "10.8.0.0/16"`,
			"module.platform.module.network.aws_vpc.this[0]", "because of cidr_block; it is the network",
		},
		"the cluster": {
			"modules/cluster/cluster.tf", "name                          = var.name", `name                          = "${var.name}-2"`,
			"module.platform.module.cluster.aws_eks_cluster.this[0]", "because of name; it is the cluster",
		},
		"homes": {
			"modules/storage/homes.tf", `performance_mode = "generalPurpose"`, `performance_mode = "maxIO"`,
			"module.platform.module.storage.aws_efs_file_system.homes", "because of performance_mode; it is people's homes",
		},
		"the database": {
			"modules/storage/database.tf", `db_name        = "atoll"`, `db_name        = "reef"`,
			"module.platform.module.storage.aws_db_instance.this", "because of db_name; it is the database",
		},
	}
	state := applied(t, awsExamples[0]).state
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := tree(t, awsExamples[0].path)
			f.env = awsExamples[0].env()
			f.write("terraform.tfstate", state)
			top := folder{t: t, dir: filepath.Join(f.dir, "..", "..")}
			top.replace(tt.file, tt.old, tt.text)
			f.init()
			out, code := f.run("plan", "-no-color", "-refresh=false")
			if text := strings.Join(strings.Fields(out), " "); code == 0 || !strings.Contains(text, "nstance cannot be destroyed") || !strings.Contains(text, tt.address) {
				t.Errorf("plan exited with %d and does not refuse to destroy %s:\n%s", code, tt.address, out)
			}

			unprotected(t, top.dir)
			f.must("plan", "-no-color", "-refresh=false", "-out=tfplan")
			f.write("plan.json", f.must("show", "-json", "tfplan"))
			said, code := guard(t, filepath.Join(f.dir, "plan.json"))
			if code != 1 || !strings.Contains(said, tt.address+": it would be replaced, "+tt.lost) {
				t.Errorf("guard exited with %d and does not refuse %s:\n%s", code, tt.address, said)
			}
		})
	}
}

// TestGuardLetsThrough has a plan that changes something else.
func TestGuardLetsThrough(t *testing.T) {
	f := tree(t, awsExamples[0].path)
	f.env = awsExamples[0].env()
	f.write("terraform.tfstate", applied(t, awsExamples[0]).state)
	f.replace("main.tf", "application = { max = 50 }", "application = { max = 60 }")
	f.init()
	if out, code := f.run("plan", "-no-color", "-refresh=false", "-out=tfplan", "-detailed-exitcode"); code != 2 {
		t.Fatalf("plan exited with %d and not with a change:\n%s", code, out)
	}
	f.write("plan.json", f.must("show", "-json", "tfplan"))
	if said, code := guard(t, filepath.Join(f.dir, "plan.json")); code != 0 {
		t.Errorf("guard exited with %d:\n%s", code, said)
	}
}

// TestDestroyIsRefused destroys all, with the modules as they are and without their protection.
func TestDestroyIsRefused(t *testing.T) {
	f := tree(t, awsExamples[0].path)
	f.env = awsExamples[0].env()
	f.write("terraform.tfstate", applied(t, awsExamples[0]).state)
	f.init()
	if out, code := f.run("plan", "-destroy", "-no-color", "-refresh=false"); code == 0 || !strings.Contains(out, "nstance cannot be destroyed") {
		t.Errorf("plan -destroy exited with %d:\n%s", code, out)
	}
	unprotected(t, filepath.Join(f.dir, "..", ".."))
	f.must("plan", "-destroy", "-no-color", "-refresh=false", "-out=tfplan")
	f.write("plan.json", f.must("show", "-json", "tfplan"))
	said, code := guard(t, filepath.Join(f.dir, "plan.json"))
	for _, want := range []string{"the network", "the cluster", "people's homes", "the database", "data", "backups", "a key"} {
		if code != 1 || !strings.Contains(said, "it would be deleted; it is "+want) {
			t.Errorf("guard exited with %d and does not name %s:\n%s", code, want, said)
		}
	}
}

// unprotected takes prevent_destroy out of every module of a tree.
func unprotected(t *testing.T, top string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(top, "modules", "*", "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no modules in %s: %v", top, err)
	}
	found := 0
	for _, file := range files {
		text := read(t, file)
		found += len(prevent.FindAllString(text, -1))
		if err := os.WriteFile(file, []byte(prevent.ReplaceAllString(text, "prevent_destroy = false")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Fatal("nothing is protected")
	}
}

func guard(t *testing.T, plan string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "atoll"), "guard", plan)
	out, _ := cmd.CombinedOutput() // the exit code is what counts
	return string(out), cmd.ProcessState.ExitCode()
}
