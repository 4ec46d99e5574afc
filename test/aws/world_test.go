package aws

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// world is one platform in one account, kept in build/test-aws between runs so that stages can be left out.
type world struct {
	root, dir, name, region string
	options                 *terraform.Options
}

// needed are the settings without which nothing can be made in an account.
var needed = map[string]string{
	"ATOLL_AWS_ADMINISTRATOR": "the ARN of the IAM role that this runs as, which will administer the cluster",
	"ATOLL_AWS_CIDR":          "the range that this runs from, such as 203.0.113.7/32, which will reach the API server",
}

func offline() bool { return os.Getenv("ATOLL_AWS_OFFLINE") != "" }

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	w := &world{root: root, name: setting("ATOLL_AWS_NAME", "atoll-test"), region: setting("AWS_REGION", "eu-central-1")}
	administrator, cidr := os.Getenv("ATOLL_AWS_ADMINISTRATOR"), os.Getenv("ATOLL_AWS_CIDR")
	if offline() {
		w.dir, administrator, cidr = t.TempDir(), "arn:aws:iam::123456789012:role/test", "203.0.113.7/32"
	} else {
		requireAccount(t)
		w.dir = filepath.Join(root, "build", "test-aws", w.name)
	}
	w.lay(t)
	w.options = &terraform.Options{
		TerraformBinary: setting("TERRAFORM", "terraform"),
		TerraformDir:    filepath.Join(w.dir, "root"),
		NoColor:         true,
		EnvVars: map[string]string{
			"TF_VAR_name": w.name, "TF_VAR_region": w.region,
			"TF_VAR_administrators":      `["` + administrator + `"]`,
			"TF_VAR_public_access_cidrs": `["` + cidr + `"]`,
		},
	}
	if offline() {
		w.options.EnvVars["TF_CLI_CONFIG_FILE"] = filepath.Join(root, "build", "modules", "terraform.rc")
	}
	return w
}

// requireAccount ends the test where there is no account, and says what it needs. It does not pass: nothing is proven.
func requireAccount(t *testing.T) {
	t.Helper()
	var missing []string
	for name, what := range needed {
		if os.Getenv(name) == "" {
			missing = append(missing, "  "+name+": "+what)
		}
	}
	if os.Getenv("AWS_PROFILE") == "" && os.Getenv("AWS_ACCESS_KEY_ID") == "" && os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") == "" {
		missing = append(missing, "  AWS_PROFILE, or other credentials of an account")
	}
	if len(missing) > 0 {
		t.Fatalf("test-aws makes a platform in a real AWS account. It needs one, the aws command, kubectl, and:\n%s",
			strings.Join(missing, "\n"))
	}
}

// protections are what the copy of the modules that is tested does without, so that it can be removed.
var protections = []struct {
	pattern *regexp.Regexp
	without string
}{
	{regexp.MustCompile(`prevent_destroy(\s*)= true`), "prevent_destroy${1}= false"},
	{regexp.MustCompile(`deletion_protection(\s*)= true`), "deletion_protection${1}= false"},
	{regexp.MustCompile(`force_destroy(\s*)= false`), "force_destroy${1}= true"},
	{regexp.MustCompile(`skip_final_snapshot(\s*)= false`), "skip_final_snapshot${1}= true"},
	{regexp.MustCompile(`delete_automated_backups(\s*)= false`), "delete_automated_backups${1}= true"},
}

// lay copies the modules beside the configuration under test, unless an earlier run has.
func (w *world) lay(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(w.dir, "root")); err == nil {
		return
	}
	require.NoError(t, os.CopyFS(filepath.Join(w.dir, "modules"), os.DirFS(filepath.Join(w.root, "modules"))))
	require.NoError(t, os.CopyFS(filepath.Join(w.dir, "root"), os.DirFS(filepath.Join(w.root, "test", "aws", "testdata"))))
	files, err := filepath.Glob(filepath.Join(w.dir, "modules", "*", "*.tf"))
	require.NoError(t, err)
	found := make([]int, len(protections))
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for i, p := range protections {
			found[i] += len(p.pattern.FindAll(text, -1))
			text = p.pattern.ReplaceAll(text, []byte(p.without))
		}
		require.NoError(t, os.WriteFile(file, text, 0o600))
	}
	for i, n := range found {
		require.NotZero(t, n, "no module has %s any more", protections[i].pattern)
	}
}

func setting(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// stage runs one stage as a subtest, unless SKIP_<name> is set, as terratest's stages do.
func stage(t *testing.T, name string, do func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		if os.Getenv("SKIP_"+name) != "" {
			t.Skipf("SKIP_%s is set", name)
		}
		do(t)
	})
}
