# Grants are compiled to one role for each person, which the operator makes as people come: they are not known when this is
# planned. What it may do to that end, and no more: such roles below one path, always within the boundary of grants; their
# policies; and which pods have them. The boundary of the platform lets these statements through, and the operator has them.
locals {
  grants_path     = "/atoll/${var.name}/grants/"
  grants_roles    = "${local.role_prefix}${local.grants_path}*"
  grants_policies = "arn:${local.partition}:iam::${local.account}:policy${local.grants_path}*"
  leases_roles    = "${local.role_prefix}/atoll/${var.name}/leases/*"
  within_boundary = { StringEquals = { "iam:PermissionsBoundary" = local.grants_boundary_arn } }

  compile_statements = [
    {
      Sid       = "MakeRolesOfPeople"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy"]
      Resource  = local.grants_roles
      Condition = local.within_boundary
    },
    {
      Sid       = "AttachPoliciesOfGrants"
      Effect    = "Allow"
      Action    = ["iam:AttachRolePolicy"]
      Resource  = local.grants_roles
      Condition = merge(local.within_boundary, { ArnLike = { "iam:PolicyARN" = local.grants_policies } })
    },
    {
      Sid      = "WritePoliciesOfGrants"
      Effect   = "Allow"
      Action   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:ListPolicyVersions"]
      Resource = local.grants_policies
    },
    {
      Sid      = "ReadAndTagRolesOfPeople"
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:TagRole"]
      Resource = local.grants_roles
    },
    {
      Sid       = "MakeLeases"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy"]
      Resource  = local.leases_roles
      Condition = local.within_boundary
    },
    {
      Sid      = "ReadAndTagLeases"
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:TagRole"]
      Resource = local.leases_roles
    },
    {
      Sid      = "FindWhatNobodyGranted"
      Effect   = "Allow"
      Action   = ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListRoles"]
      Resource = "*"
    },
    {
      Sid       = "HandRolesToPods"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = local.grants_roles
      Condition = { StringEquals = { "iam:PassedToService" = "pods.eks.amazonaws.com" } }
    },
  ]

  # The boundary lets these through as it does all of EKS: it may not know the cluster, whose roles it bounds.
  associate_statements = [
    {
      Sid      = "FindPodsOfPeople"
      Effect   = "Allow"
      Action   = ["eks:ListPodIdentityAssociations"]
      Resource = var.cluster_arn
    },
    {
      Sid       = "AssociatePodsOfPeople"
      Effect    = "Allow"
      Action    = ["eks:CreatePodIdentityAssociation", "eks:TagResource"]
      Resource  = [var.cluster_arn, local.associations]
      Condition = { StringEquals = { "aws:RequestTag/atoll.dev/part" = "grants" } }
    },
    {
      Sid       = "ChangeAssociationsOfPeople"
      Effect    = "Allow"
      Action    = ["eks:DeletePodIdentityAssociation", "eks:DescribePodIdentityAssociation", "eks:UpdatePodIdentityAssociation"]
      Resource  = local.associations
      Condition = { StringEquals = { "aws:ResourceTag/atoll.dev/part" = "grants" } }
    },
  ]

  associations = "arn:${local.partition}:eks:${local.region}:${local.account}:podidentityassociation/${var.cluster_name}/*"
}
