package modules_test

import (
	"os"
	"strings"
	"testing"
)

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestMistakes proves the derived schemas: each configuration has one mistake, which the command line itself finds.
func TestMistakes(t *testing.T) {
	const vpc = "resource \"aws_vpc\" \"x\" {\n  cidr_block = \"10.0.0.0/16\"\n"
	tests := map[string]struct{ config, want string }{
		"an attribute that is none": {vpc + "  cidr = \"10.0.0.0/16\"\n}", "Unsupported argument"},
		"a required attribute missing": {
			`resource "aws_eks_addon" "x" { cluster_name = "reef" }`, `The argument "addon_name" is required`,
		},
		"a list for a string":      {"resource \"aws_vpc\" \"x\" {\n  cidr_block = [\"10.0.0.0/16\"]\n}", `"cidr_block": string required`},
		"words for a boolean":      {vpc + "  enable_dns_support = \"perhaps\"\n}", `"enable_dns_support": a bool is required`},
		"words for a number":       {`resource "aws_kms_key" "x" { deletion_window_in_days = "a month" }`, `"deletion_window_in_days": a number is required`},
		"a string for a map":       {vpc + "  tags = \"mine\"\n}", `"tags": map of string required`},
		"a string for a set":       {"resource \"aws_db_subnet_group\" \"x\" {\n  subnet_ids = \"subnet-a\"\n}", `"subnet_ids": set of string required`},
		"a structure for a string": {"resource \"aws_iam_role\" \"x\" {\n  assume_role_policy = { Version = \"2012-10-17\" }\n}", `"assume_role_policy": string required`},
		"a computed attribute set": {vpc + "  arn = \"arn:aws:ec2:::vpc/x\"\n}", "Value for unconfigurable attribute"},
		"an attribute where a block belongs": {
			"resource \"aws_s3_bucket_versioning\" \"x\" {\n  bucket = \"x\"\n  versioning_configuration = { status = \"Enabled\" }\n}", "Unsupported argument",
		},
		"a block where an attribute belongs": {
			vpc + "  tags {\n    Name = \"x\"\n  }\n}", "Unsupported block type",
		},
		"a required block missing": {
			`resource "aws_s3_bucket_versioning" "x" { bucket = "x" }`, "Insufficient versioning_configuration blocks",
		},
		"a block twice where one is allowed": {
			"resource \"aws_s3_bucket_versioning\" \"x\" {\n  bucket = \"x\"\n  versioning_configuration {\n    status = \"Enabled\"\n  }\n  versioning_configuration {\n    status = \"Enabled\"\n  }\n}",
			"Too many versioning_configuration blocks",
		},
		"a mistake two blocks deep": {
			"resource \"aws_launch_template\" \"x\" {\n  block_device_mappings {\n    ebs {\n      encrypted = true\n      size = 20\n    }\n  }\n}", "Unsupported argument",
		},
		"a required attribute missing in a nested block": {
			"resource \"aws_eks_node_group\" \"x\" {\n  cluster_name = \"x\"\n  node_role_arn = \"x\"\n  subnet_ids = []\n  scaling_config {\n    min_size = 1\n    max_size = 2\n  }\n}",
			`The argument "desired_size" is required`,
		},
		"a resource that is none": {`resource "aws_vpcs" "x" {}`, "Invalid resource type"},
		"an attribute that a data source does not have": {
			"data \"aws_region\" \"x\" {}\noutput \"x\" { value = data.aws_region.x.zones }", "Unsupported attribute",
		},
		"an attribute that a resource does not have": {
			vpc + "}\noutput \"x\" { value = aws_vpc.x.vpc_id }", "Unsupported attribute",
		},
		"a setting that the provider does not have": {"provider \"aws\" {\n  zone = \"a\"\n}\n" + vpc + "}", "Unsupported argument"},
	}
	if len(tests) < 15 {
		t.Fatalf("there are %d mistakes, want 15 at least", len(tests))
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := folder{t: t, dir: t.TempDir()}
			f.write("main.tf", "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n"+tt.config+"\n")
			f.init()
			out, code := f.run("validate", "-no-color")
			if code == 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), tt.want) {
				t.Errorf("validate exited with %d and not with %q:\n%s", code, tt.want, out)
			}
		})
	}
}
