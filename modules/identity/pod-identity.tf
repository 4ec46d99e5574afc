resource "aws_iam_role" "component" {
  for_each = local.component_accounts

  name                 = "${var.name}-${each.key}"
  description          = "What ${each.key} of ${var.name} may do in the account"
  permissions_boundary = local.boundary_arn
  tags                 = merge(local.tags, { "atoll.dev/component" = each.key })

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount"                         = local.account
          "aws:RequestTag/kubernetes-namespace"       = local.component_spaces[each.key]
          "aws:RequestTag/kubernetes-service-account" = each.value
        }
        ArnEquals = { "aws:SourceArn" = var.cluster_arn }
      }
    }]
  })

  depends_on = [aws_iam_policy.boundary]
}

resource "aws_iam_role_policy" "component" {
  for_each = local.component_accounts

  name   = each.key
  role   = aws_iam_role.component[each.key].name
  policy = local.component_policies[each.key]
}

resource "aws_eks_pod_identity_association" "component" {
  for_each = local.component_accounts

  cluster_name    = var.cluster_name
  namespace       = local.component_spaces[each.key]
  service_account = each.value
  role_arn        = aws_iam_role.component[each.key].arn
  tags            = merge(local.tags, { "atoll.dev/component" = each.key })
}
