package modules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// left are the findings of checkov that stay, each with its reason. docs/guide/aws.md has the same list for people.
var left = map[string]struct{ resource, reason string }{
	"CKV_AWS_145": {`aws_s3_bucket.this\["logs"\]$`, "S3 delivers access logs only where its own keys encrypt; they do"},
	"CKV_AWS_144": {`aws_s3_bucket.this\[`, "a second region doubles the bill; AWS Backup keeps copies, and copies elsewhere are a rule to add"},
	"CKV2_AWS_62": {`aws_s3_bucket.this\[`, "nobody listens: the trail says who touched what"},
	"CKV2_AWS_35": {`aws_route.(public|private)`, "public subnets lead to the internet gateway; private ones do lead to NAT, which a plan does not show checkov"},
	"CKV_AWS_252": {`aws_cloudtrail.this$`, "nobody listens for new files of the trail; they are searched when asked for"},
	"CKV2_AWS_10": {`aws_cloudtrail.this$`, "the trail is kept in S3 with validated digests; a copy in CloudWatch costs as much again"},
	"CKV_AWS_286": {`aws_iam_policy.boundary$`, "a boundary gives nothing; it bounds"},
	"CKV_AWS_287": {`aws_iam_policy.boundary$`, "a boundary gives nothing; it bounds"},
	"CKV_AWS_288": {`aws_iam_policy.boundary$`, "a boundary gives nothing; it bounds"},
	"CKV_AWS_289": {`aws_iam_policy.boundary$`, "a boundary gives nothing; it bounds"},
	"CKV_AWS_290": {`aws_iam_policy.boundary$`, "a boundary gives nothing; it bounds"},
	"CKV_AWS_355": {`aws_iam_policy.(grants_)?boundary$`, "a boundary gives nothing; it bounds"},
	"CKV_AWS_157": {`aws_db_instance.this$`, "the small example asks for a single zone; High is the default"},
}

type report struct {
	Results struct {
		Failed []struct {
			ID       string `json:"check_id"`
			Name     string `json:"check_name"`
			Resource string `json:"resource"`
			File     string `json:"file_path"`
		} `json:"failed_checks"`
	} `json:"results"`
	Summary struct {
		Passed int `json:"passed"`
		Failed int `json:"failed"`
		Errors int `json:"parsing_errors"`
	} `json:"summary"`
}

func checkov(t *testing.T, plans string) report {
	t.Helper()
	program := filepath.Join(root, "build", "venv-checkov", "bin", "checkov")
	cmd := exec.CommandContext(t.Context(), program, "--framework", "terraform_plan", "-d", plans, "--quiet", "--compact", "--skip-download", "--soft-fail", "-o", "json")
	cmd.Env = append(os.Environ(), "BC_SKIP_MAPPING=TRUE")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("checkov: %v\n%s", err, out)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("checkov: %v\n%s", err, out)
	}
	if r.Summary.Errors > 0 || r.Summary.Passed == 0 {
		t.Fatalf("checkov could not read the plans: %+v", r.Summary)
	}
	return r
}

// TestCheckov has checkov look at the plans of the examples: what it finds is what is listed, no more and no less.
func TestCheckov(t *testing.T) {
	plans := t.TempDir()
	for _, e := range awsExamples {
		copyPlan(t, plans, e, nil)
	}
	r := checkov(t, plans)
	unseen := maps.Clone(left)
	for _, f := range r.Results.Failed {
		known, ok := left[f.ID]
		if !ok || !regexp.MustCompile(known.resource).MatchString(f.Resource) {
			t.Errorf("%s %s: %s (%s)", f.ID, f.Name, f.Resource, f.File)
			continue
		}
		delete(unseen, f.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(unseen)) {
		t.Errorf("%s is listed as left and is not found any more: take it out of the list and of docs/guide/aws.md", id)
	}
	t.Logf("checkov: %d passed, %d left with a reason", r.Summary.Passed, r.Summary.Failed)
}

// TestCheckovCanFail breaks what the plan says of the database.
func TestCheckovCanFail(t *testing.T) {
	plans := t.TempDir()
	copyPlan(t, plans, awsExamples[0], func(text string) string {
		return strings.ReplaceAll(text, `"publicly_accessible":false`, `"publicly_accessible":true`)
	})
	for _, f := range checkov(t, plans).Results.Failed {
		if f.ID == "CKV_AWS_17" && strings.Contains(f.Resource, "aws_db_instance") {
			return
		}
	}
	t.Error("checkov does not see that the database is public")
}

// TestLeftIsDocumented holds the list for people to the one that counts.
func TestLeftIsDocumented(t *testing.T) {
	text := read(t, filepath.Join(root, "docs", "guide", "aws.md"))
	for _, id := range slices.Sorted(maps.Keys(left)) {
		if !strings.Contains(text, fmt.Sprintf("| `%s` |", id)) {
			t.Errorf("docs/guide/aws.md does not say why %s is left", id)
		}
	}
}

func copyPlan(t *testing.T, dir string, e example, change func(string) string) {
	t.Helper()
	text := applied(t, e).planJSON
	if change != nil {
		changed := change(text)
		if changed == text {
			t.Fatal("the plan is not changed")
		}
		text = changed
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(e.path)+".json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
