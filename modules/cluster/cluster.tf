resource "aws_eks_cluster" "this" {
  count = local.new ? 1 : 0

  name                          = var.name
  version                       = var.kubernetes_version
  role_arn                      = aws_iam_role.cluster[0].arn
  enabled_cluster_log_types     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  bootstrap_self_managed_addons = false
  deletion_protection           = true
  tags                          = local.tags

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_access_cidrs) > 0
    public_access_cidrs     = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null
  }

  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = aws_kms_key.this[0].arn
    }
  }

  upgrade_policy {
    support_type = "STANDARD"
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.cluster,
    aws_iam_role_policy_attachment.cluster,
  ]
}

# Made before the cluster, which would otherwise make it itself, unencrypted and kept for ever.
resource "aws_cloudwatch_log_group" "this" {
  count = local.new ? 1 : 0

  name              = local.log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this[0].arn
  tags              = local.tags
}

locals {
  log_group = "/aws/eks/${var.name}/cluster"
}
