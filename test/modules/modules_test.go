package modules_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// every folder with a configuration of ours that has AWS or Atoll in it.
func configurations(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"modules/*/main.tf", "examples/aws-*/main.tf", "examples/team-repo/main.tf"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing matches %s: %v", pattern, err)
		}
		for _, file := range found {
			path, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, path)
		}
	}
	return out
}

var passed = regexp.MustCompile(`(?m)^Success! (\d+) passed, 0 failed\.`)

// TestConfigurations formats, validates and tests every module and example.
func TestConfigurations(t *testing.T) {
	for _, path := range configurations(t) {
		t.Run(path, func(t *testing.T) {
			f := tree(t, path)
			if out, code := f.run("fmt", "-check", "-diff", "-recursive"); code != 0 {
				t.Errorf("not formatted:\n%s", out)
			}
			f.init().must("validate", "-no-color")
			out := f.must("test", "-no-color")
			m := passed.FindStringSubmatch(out)
			if m == nil || m[1] == "0" {
				t.Fatalf("it has no tests, or they do not pass:\n%s", out)
			}
			t.Logf("%s: %s", path, strings.TrimSpace(m[0]))
		})
	}
}

// TestAssertions counts what the tests of the modules hold about planned values.
func TestAssertions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "*", "*", "tests", "*.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		count += strings.Count(read(t, file), "\n  assert {")
	}
	if count < 60 {
		t.Errorf("there are %d assertions on planned values, want 60 at least", count)
	}
	t.Logf("%d assertions on planned values", count)
}
