# A role for each add-on that calls AWS, which its service account has by Pod Identity.

locals {
  addon_policies = {
    vpc-cni            = "AmazonEKS_CNI_Policy"
    aws-ebs-csi-driver = "service-role/AmazonEBSCSIDriverPolicy"
    aws-efs-csi-driver = "service-role/AmazonEFSCSIDriverPolicy"
  }
  addons_with_role = setintersection(var.addons, keys(local.addon_policies))
}

resource "aws_iam_role" "addon" {
  for_each = local.addons_with_role

  name                 = "${var.name}-${each.value}"
  description          = "What the add-on ${each.value} of ${var.name} may do in the account"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = { StringEquals = {
        "aws:SourceAccount"                         = local.account
        "aws:RequestTag/eks-cluster-name"           = local.new ? var.name : var.existing
        "aws:RequestTag/kubernetes-namespace"       = "kube-system"
        "aws:RequestTag/kubernetes-service-account" = local.addon_accounts[each.value]
      } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "addon" {
  for_each = local.addons_with_role

  role       = aws_iam_role.addon[each.value].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${local.addon_policies[each.value]}"
}
