# One node group a subcluster, with the label and the taint that the charts ask for.

locals {
  node_defaults = {
    directory   = { instance_types = ["m7i.large"], capacity = "OnDemand", min = 3, max = 6, disk_gb = 50, ami_type = "AL2023_x86_64_STANDARD" }
    system      = { instance_types = ["m7i.large"], capacity = "OnDemand", min = 2, max = 6, disk_gb = 50, ami_type = "AL2023_x86_64_STANDARD" }
    data        = { instance_types = ["r7i.large"], capacity = "OnDemand", min = 1, max = 6, disk_gb = 100, ami_type = "AL2023_x86_64_STANDARD" }
    application = { instance_types = ["m7i.xlarge"], capacity = "OnDemand", min = 1, max = 30, disk_gb = 100, ami_type = "AL2023_x86_64_STANDARD" }
    job = {
      instance_types = ["m7i.xlarge", "m6i.xlarge", "m7a.xlarge", "m6a.xlarge", "m5.xlarge"]
      capacity       = "Spot", min = 0, max = 50, disk_gb = 100, ami_type = "AL2023_x86_64_STANDARD"
    }
    gpu = { instance_types = ["g6.xlarge"], capacity = "OnDemand", min = 0, max = 4, disk_gb = 200, ami_type = "AL2023_x86_64_NVIDIA" }
  }

  nodes = { for name, group in var.node_groups : name => merge(
    local.node_defaults[name],
    { for k, v in group : k => v if v != null },
    # People's servers with a GPU belong to the application subcluster.
    { subcluster = name == "gpu" ? "application" : name },
  ) }
}

resource "aws_eks_node_group" "this" {
  for_each = local.nodes

  cluster_name           = local.name
  node_group_name_prefix = "${each.key}-"
  node_role_arn          = aws_iam_role.node[0].arn
  subnet_ids             = var.subnet_ids
  version                = local.new ? aws_eks_cluster.this[0].version : data.aws_eks_cluster.existing[0].version
  ami_type               = each.value.ami_type
  capacity_type          = { OnDemand = "ON_DEMAND", Spot = "SPOT" }[each.value.capacity]
  instance_types         = each.value.instance_types
  tags                   = merge(local.tags, { "atoll.dev/subcluster" = each.value.subcluster })

  labels = merge(
    { "atoll.dev/subcluster" = each.value.subcluster },
    each.key == "gpu" ? { "atoll.dev/pool" = "gpu" } : {},
  )

  launch_template {
    id      = aws_launch_template.this[each.key].id
    version = aws_launch_template.this[each.key].latest_version
  }

  scaling_config {
    min_size     = each.value.min
    desired_size = each.value.min
    max_size     = each.value.max
  }

  taint {
    key    = "atoll.dev/subcluster"
    value  = each.value.subcluster
    effect = "NO_SCHEDULE"
  }

  dynamic "taint" {
    for_each = each.key == "gpu" ? ["present"] : []
    content {
      key    = "nvidia.com/gpu"
      value  = taint.value
      effect = "NO_SCHEDULE"
    }
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  lifecycle {
    create_before_destroy = true
    # The autoscaler's to say.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [
    aws_eks_addon.before_nodes,
    aws_iam_role_policy_attachment.node,
  ]
}
