# Who may do what in the cluster, besides what Kubernetes roles give. Access entries name IAM principals.

locals {
  access = merge(
    { for arn in var.administrators : arn => "AmazonEKSClusterAdminPolicy" },
    { for arn in var.viewers : arn => "AmazonEKSViewPolicy" if !contains(var.administrators, arn) },
  )
  policies = "arn:${local.partition}:eks::aws:cluster-access-policy"
}

resource "aws_eks_access_entry" "this" {
  for_each = local.access

  cluster_name  = local.name
  principal_arn = each.key
  type          = "STANDARD"
  tags          = local.tags
}

resource "aws_eks_access_policy_association" "this" {
  for_each = local.access

  cluster_name  = local.name
  principal_arn = aws_eks_access_entry.this[each.key].principal_arn
  policy_arn    = "${local.policies}/${each.value}"

  access_scope {
    type = "cluster"
  }
}
