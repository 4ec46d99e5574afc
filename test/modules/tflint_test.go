package modules_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func tflint(t *testing.T, dir string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "tflint"), "--chdir="+dir, "--config="+filepath.Join(root, ".tflint.hcl"), "--no-color")
	out, _ := cmd.CombinedOutput() // the exit code is what counts
	return string(out), cmd.ProcessState.ExitCode()
}

// TestTflint has no findings in any module or example.
func TestTflint(t *testing.T) {
	for _, path := range append(configurations(t), "modules/team/check") {
		t.Run(path, func(t *testing.T) {
			if out, code := tflint(t, filepath.Join(root, path)); code != 0 {
				t.Errorf("tflint exited with %d:\n%s", code, out)
			}
		})
	}
}

// TestTflintCanFail has a variable that nobody uses or describes.
func TestTflintCanFail(t *testing.T) {
	f := tree(t, "modules/network")
	f.write("unused.tf", "variable \"unused\" {\n  type = string\n}\n")
	out, code := tflint(t, f.dir)
	for _, want := range []string{"terraform_unused_declarations", "terraform_documented_variables"} {
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("tflint exited with %d and not with %s:\n%s", code, want, out)
		}
	}
}
