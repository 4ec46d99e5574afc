# What the cluster is planned to be. No account: the provider is mocked, its schemas are real.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name           = "reef"
  subnet_ids     = ["subnet-a", "subnet-b", "subnet-c"]
  administrators = ["arn:aws:iam::123456789012:role/platform"]
  tags           = { CostCenter = "data-7" }
}

run "the_cluster" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this[0].vpc_config[0].endpoint_private_access && !aws_eks_cluster.this[0].vpc_config[0].endpoint_public_access
    error_message = "The API server is reached from inside the VPC only."
  }
  assert {
    condition     = aws_eks_cluster.this[0].access_config[0].authentication_mode == "API" && !aws_eks_cluster.this[0].access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Access entries alone say who may enter."
  }
  assert {
    condition     = length(aws_eks_cluster.this[0].enabled_cluster_log_types) == 5
    error_message = "All logs of the control plane are kept."
  }
  assert {
    condition     = one(aws_eks_cluster.this[0].encryption_config).resources == toset(["secrets"])
    error_message = "Secrets are encrypted with a key of their own."
  }
  assert {
    condition     = aws_eks_cluster.this[0].deletion_protection && aws_kms_key.this[0].enable_key_rotation
    error_message = "The cluster is protected and its key rotates."
  }
  assert {
    condition     = aws_eks_access_policy_association.this["arn:aws:iam::123456789012:role/platform"].policy_arn == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    error_message = "Administrators are those listed."
  }
}

run "the_nodes" {
  command = plan

  assert {
    condition     = keys(aws_eks_node_group.this) == ["application", "data", "directory", "job", "system"]
    error_message = "There is a node group for each subcluster."
  }
  assert {
    condition     = alltrue([for name, g in aws_eks_node_group.this : g.labels["atoll.dev/subcluster"] == name])
    error_message = "Nodes carry the label that the charts select."
  }
  assert {
    condition     = alltrue([for name, g in aws_eks_node_group.this : one(g.taint) == { key = "atoll.dev/subcluster", value = name, effect = "NO_SCHEDULE" }])
    error_message = "Nodes carry the taint that the charts tolerate."
  }
  assert {
    condition     = aws_eks_node_group.this["directory"].capacity_type == "ON_DEMAND" && aws_eks_node_group.this["directory"].scaling_config[0].min_size == 3
    error_message = "The directory has a node on demand in each of three zones."
  }
  assert {
    condition     = aws_eks_node_group.this["job"].capacity_type == "SPOT" && aws_eks_node_group.this["job"].scaling_config[0].min_size == 0
    error_message = "Jobs run on spot nodes, from none on."
  }
  assert {
    condition     = length(aws_eks_node_group.this["job"].instance_types) >= 5
    error_message = "Spot capacity is found among several types."
  }
  assert {
    condition     = alltrue([for t in aws_launch_template.this : t.metadata_options[0].http_tokens == "required" && t.metadata_options[0].http_put_response_hop_limit == 1])
    error_message = "No pod reaches the node's credentials."
  }
  assert {
    condition     = alltrue([for t in aws_launch_template.this : t.block_device_mappings[0].ebs[0].encrypted])
    error_message = "Disks are encrypted."
  }
  assert {
    condition     = alltrue([for t in aws_launch_template.this : length(t.tag_specifications) == 3])
    error_message = "Instances, volumes and interfaces carry the tags."
  }
  assert {
    condition     = keys(aws_iam_role_policy_attachment.node) == ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy"]
    error_message = "Nodes may join and pull, nothing else."
  }
}

run "the_addons" {
  command = plan

  assert {
    condition     = keys(aws_eks_addon.before_nodes) == ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"] && keys(aws_eks_addon.after_nodes) == ["aws-ebs-csi-driver", "aws-efs-csi-driver", "coredns"]
    error_message = "What nodes need comes before them."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "Network policies are enforced."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.after_nodes["aws-ebs-csi-driver"].configuration_values).defaultStorageClass.enabled
    error_message = "There is a default StorageClass, which the installer's check asks for."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.after_nodes["coredns"].configuration_values).tolerations[0].value == "system"
    error_message = "CoreDNS finds a node although all are tainted."
  }
  assert {
    condition     = one(aws_eks_addon.after_nodes["aws-efs-csi-driver"].pod_identity_association).service_account == "efs-csi-controller-sa"
    error_message = "Drivers have their role by Pod Identity."
  }
  assert {
    condition     = alltrue([for r in aws_iam_role.addon : jsondecode(r.assume_role_policy).Statement[0].Principal.Service == "pods.eks.amazonaws.com"])
    error_message = "Roles of add-ons are for pods alone."
  }
}

run "a_gpu_pool_and_other_sizes" {
  command = plan

  variables {
    node_groups = {
      directory   = {}
      system      = { instance_types = ["m7g.large"], ami_type = "AL2023_ARM_64_STANDARD" }
      data        = {}
      application = { max = 3 }
      job         = {}
      gpu         = { capacity = "Spot" }
    }
  }

  assert {
    condition     = aws_eks_node_group.this["gpu"].labels["atoll.dev/subcluster"] == "application" && contains([for t in aws_eks_node_group.this["gpu"].taint : t.key], "nvidia.com/gpu")
    error_message = "GPU nodes are for people's servers that ask for one."
  }
  assert {
    condition     = aws_eks_node_group.this["gpu"].ami_type == "AL2023_x86_64_NVIDIA" && aws_eks_node_group.this["gpu"].capacity_type == "SPOT"
    error_message = "What is named changes, the rest stays."
  }
  assert {
    condition     = aws_eks_node_group.this["application"].scaling_config[0].max_size == 3 && aws_eks_node_group.this["system"].instance_types == tolist(["m7g.large"])
    error_message = "Sizes are those asked for."
  }
  assert {
    condition     = output.subclusters == tolist(["application", "data", "directory", "job", "system"])
    error_message = "A GPU pool is no subcluster of its own."
  }
}

run "an_existing_cluster" {
  command = plan

  variables {
    existing       = "lagoon"
    administrators = []
    addons         = ["aws-efs-csi-driver"]
  }

  override_data {
    target = data.aws_eks_cluster.existing
    values = {
      version       = "1.34"
      endpoint      = "https://lagoon.example.com"
      access_config = [{ authentication_mode = "API_AND_CONFIG_MAP", bootstrap_cluster_creator_admin_permissions = false }]
      vpc_config = [{
        cluster_security_group_id = "sg-1", control_plane_egress_mode = "", endpoint_private_access = true, endpoint_public_access = false
        public_access_cidrs       = [], security_group_ids = [], subnet_ids = [], vpc_id = "vpc-1"
      }]
    }
  }

  assert {
    condition     = length(aws_eks_cluster.this) == 0 && length(aws_kms_key.this) == 0 && keys(aws_eks_addon.after_nodes) == ["aws-efs-csi-driver"]
    error_message = "The cluster is taken as it is."
  }
  assert {
    condition     = alltrue([for g in aws_eks_node_group.this : g.cluster_name == "lagoon" && g.version == "1.34"])
    error_message = "Nodes join the cluster that is there, at its version."
  }
  assert {
    condition     = output.security_group_id == "sg-1" && output.endpoint == "https://lagoon.example.com"
    error_message = "Outputs are those of the cluster that is there."
  }
}

run "an_existing_cluster_without_access_entries" {
  command = plan

  variables {
    existing       = "lagoon"
    administrators = []
  }

  override_data {
    target = data.aws_eks_cluster.existing
    values = {
      version       = "1.34"
      access_config = [{ authentication_mode = "CONFIG_MAP", bootstrap_cluster_creator_admin_permissions = true }]
      vpc_config = [{
        cluster_security_group_id = "sg-1", control_plane_egress_mode = "", endpoint_private_access = true, endpoint_public_access = false
        public_access_cidrs       = [], security_group_ids = [], subnet_ids = [], vpc_id = "vpc-1"
      }]
    }
  }

  expect_failures = [data.aws_eks_cluster.existing[0]]
}

run "nobody_to_administer_it" {
  command = plan

  variables {
    administrators = []
  }

  expect_failures = [var.administrators]
}

run "refused" {
  command = plan

  variables {
    kubernetes_version  = "1.35.1"
    subnet_ids          = ["subnet-a"]
    public_access_cidrs = ["0.0.0.0/0"]
    viewers             = ["arn:aws:sts::123456789012:assumed-role/x/y"]
    node_groups         = { directory = { capacity = "Spot" }, storage = {} }
    addon_versions      = { coredns = "latest" }
  }

  expect_failures = [
    var.kubernetes_version, var.subnet_ids, var.public_access_cidrs, var.viewers, var.node_groups, var.addon_versions,
  ]
}

run "an_addon_that_is_none" {
  command = plan

  variables {
    addons = ["istio"]
  }

  expect_failures = [var.addons]
}
