# Who in the cluster may do what in the account, within a boundary, and a trail that names the person.

data "aws_region" "this" {}

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

locals {
  region    = data.aws_region.this.region
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id

  tags = merge(var.tags, {
    "atoll.dev/platform" = var.name
    "atoll.dev/part"     = "identity"
  })

  role_prefix = "arn:${local.partition}:iam::${local.account}:role"
}
