# What every node needs is there before the first one joins; the rest needs nodes to run on.

locals {
  addons_before_nodes = setintersection(var.addons, ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"])
  addons_after_nodes  = setsubtract(var.addons, local.addons_before_nodes)

  # Controllers run on the system nodes, where there are some.
  on_system = { for k, v in {
    nodeSelector = { "atoll.dev/subcluster" = "system" }
    tolerations  = [{ key = "atoll.dev/subcluster", operator = "Equal", value = "system", effect = "NoSchedule" }]
  } : k => v if contains(keys(var.node_groups), "system") }

  everywhere = [{ operator = "Exists" }]

  addon_configuration = {
    vpc-cni             = { enableNetworkPolicy = "true", env = { ENABLE_PREFIX_DELEGATION = "true", WARM_PREFIX_TARGET = "1" } }
    coredns             = local.on_system
    metrics-server      = local.on_system
    snapshot-controller = local.on_system
    aws-ebs-csi-driver = {
      controller          = local.on_system
      node                = { tolerateAllTaints = true }
      defaultStorageClass = { enabled = true }
    }
    aws-efs-csi-driver = {
      controller = local.on_system
      node       = { tolerations = local.everywhere }
    }
  }

  addon_values = { for name, values in local.addon_configuration : name => jsonencode(values) }

  # The service account of each add-on that calls AWS.
  addon_accounts = {
    vpc-cni            = "aws-node"
    aws-ebs-csi-driver = "ebs-csi-controller-sa"
    aws-efs-csi-driver = "efs-csi-controller-sa"
  }
}

resource "aws_eks_addon" "before_nodes" {
  for_each = local.addons_before_nodes

  cluster_name                = local.name
  addon_name                  = each.value
  addon_version               = lookup(var.addon_versions, each.value, null)
  configuration_values        = lookup(local.addon_values, each.value, null)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = local.tags

  dynamic "pod_identity_association" {
    for_each = contains(keys(local.addon_accounts), each.value) ? [local.addon_accounts[each.value]] : []
    content {
      service_account = pod_identity_association.value
      role_arn        = aws_iam_role.addon[each.value].arn
    }
  }
}

resource "aws_eks_addon" "after_nodes" {
  for_each = local.addons_after_nodes

  cluster_name                = local.name
  addon_name                  = each.value
  addon_version               = lookup(var.addon_versions, each.value, null)
  configuration_values        = lookup(local.addon_values, each.value, null)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = local.tags

  dynamic "pod_identity_association" {
    for_each = contains(keys(local.addon_accounts), each.value) ? [local.addon_accounts[each.value]] : []
    content {
      service_account = pod_identity_association.value
      role_arn        = aws_iam_role.addon[each.value].arn
    }
  }

  depends_on = [aws_eks_node_group.this]
}
