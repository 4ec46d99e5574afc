package modules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/atoll-platform/atoll/test/modules/rules"
)

func TestRules(t *testing.T) {
	for _, example := range awsExamples {
		t.Run(example.path, func(t *testing.T) {
			resources, err := rules.Parse([]byte(applied(t, example).planJSON))
			if err != nil {
				t.Fatal(err)
			}
			for _, rule := range rules.All {
				for _, problem := range rule.Check(resources) {
					t.Errorf("%s: %s", rule.Name, problem)
				}
			}
			t.Logf("%d rules hold for %d resources", len(rules.All), len(resources))
		})
	}
}

// TestRulesCanFail breaks one thing at a time in a plan that is fine, and expects a rule to say so.
func TestRulesCanFail(t *testing.T) {
	fine, err := rules.Parse([]byte(applied(t, awsExamples[0]).planJSON))
	if err != nil {
		t.Fatal(err)
	}
	const everything = `{"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}`
	tests := []struct {
		kind, attribute string
		value           any
		want            string
	}{
		{"aws_s3_bucket_public_access_block", "block_public_acls", false, "block_public_acls is not true"},
		{"aws_s3_bucket_server_side_encryption_configuration", "rule", nil, "it does not encrypt"},
		{"aws_s3_bucket_server_side_encryption_configuration", "bucket", "other", "it has no aws_s3_bucket_server_side_encryption_configuration"},
		{"aws_s3_bucket_versioning", "versioning_configuration", nil, "old versions are not kept"},
		{"aws_s3_bucket_policy", "policy", `{"Statement": []}`, "it can be reached without TLS"},
		{"aws_iam_role", "permissions_boundary", nil, "it has no permissions_boundary"},
		{"aws_iam_role", "assume_role_policy", `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}}]}`, "anyone may take it on"},
		{"aws_iam_role_policy", "policy", everything, "it allows s3:*"},
		{"aws_iam_role_policy", "policy", `{"Statement": [{"Effect": "Allow", "NotAction": ["iam:*"]}]}`, "it allows all but some actions"},
		{"aws_iam_role_policy", "policy", nil, "is not known in the plan"},
		{"aws_vpc", "tags", map[string]any{"CostCenter": "x"}, "it has no tag atoll.dev/platform"},
		{"aws_db_instance", "tags", nil, "it has no tag CostCenter"},
		{"aws_cloudwatch_log_group", "retention_in_days", 0.0, "it is kept for ever"},
		{"aws_efs_file_system", "encrypted", false, "it is not encrypted"},
		{"aws_db_instance", "storage_encrypted", false, "it is not encrypted"},
		{"aws_eks_cluster", "encryption_config", nil, "it is not encrypted"},
		{"aws_kms_key", "enable_key_rotation", false, "it does not rotate"},
		{"aws_launch_template", "metadata_options", nil, "pods reach the node's role"},
		{"aws_vpc_security_group_ingress_rule", "cidr_ipv4", "0.0.0.0/0", "the whole internet is let in"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.attribute, func(t *testing.T) {
			broken := slices.Clone(fine)
			at := slices.IndexFunc(broken, func(r rules.Resource) bool { return r.Type == tt.kind })
			if at < 0 {
				t.Fatalf("the plan has no %s", tt.kind)
			}
			broken[at].Values = maps.Clone(broken[at].Values)
			broken[at].Values[tt.attribute] = tt.value
			var problems []string
			for _, rule := range rules.All {
				problems = append(problems, rule.Check(broken)...)
			}
			if !strings.Contains(strings.Join(problems, "\n"), tt.want) {
				t.Errorf("no rule says %q: %v", tt.want, problems)
			}
		})
	}
}
