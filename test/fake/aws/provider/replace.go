package provider

import "github.com/hashicorp/terraform-plugin-go/tftypes"

// replaces lists the attributes that AWS cannot change in place, of the resources whose replacement would lose
// something. The package says nothing about it; the provider's documentation does, as "Forces new resource".
var replaces = map[string][]string{
	"aws_vpc":                     {"cidr_block", "instance_tenancy"},
	"aws_subnet":                  {"vpc_id", "cidr_block", "availability_zone"},
	"aws_eks_cluster":             {"name", "role_arn", "kubernetes_network_config"},
	"aws_eks_node_group":          {"cluster_name", "node_role_arn", "capacity_type", "ami_type", "subnet_ids"},
	"aws_efs_file_system":         {"creation_token", "encrypted", "kms_key_id", "availability_zone_name", "performance_mode"},
	"aws_efs_mount_target":        {"file_system_id", "subnet_id"},
	"aws_db_instance":             {"engine", "username", "kms_key_id", "storage_encrypted", "db_name"},
	"aws_db_subnet_group":         {"name"},
	"aws_s3_bucket":               {"bucket"},
	"aws_kms_key":                 {"customer_master_key_spec", "key_usage", "multi_region"},
	"aws_backup_vault":            {"name", "kms_key_arn"},
	"aws_iam_role":                {"name", "path"},
	"aws_security_group":          {"name", "description", "vpc_id"},
	"aws_lakeformation_resource":  {"arn"},
	"aws_eks_access_entry":        {"principal_arn", "cluster_name"},
	"aws_cloudwatch_log_group":    {"name"},
	"aws_launch_template":         {"name"},
	"aws_nat_gateway":             {"allocation_id", "subnet_id"},
	"aws_backup_selection":        {"name", "iam_role_arn", "plan_id", "resources"},
	"aws_route_table_association": {"subnet_id"},
}

// replacing are the attributes whose change from prior to planned replaces the resource.
func replacing(name string, prior, planned tftypes.Value) ([]*tftypes.AttributePath, error) {
	before, after := map[string]tftypes.Value{}, map[string]tftypes.Value{}
	if err := prior.As(&before); err != nil {
		return nil, err
	}
	if err := planned.As(&after); err != nil {
		return nil, err
	}
	var out []*tftypes.AttributePath
	for _, attribute := range replaces[name] {
		if !before[attribute].Equal(after[attribute]) {
			out = append(out, tftypes.NewAttributePath().WithAttributeName(attribute))
		}
	}
	return out, nil
}
