# An EKS cluster with a node group for each subcluster, or one that is there already.

data "aws_region" "this" {}

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

locals {
  new  = var.existing == null
  name = local.new ? aws_eks_cluster.this[0].name : data.aws_eks_cluster.existing[0].name

  region    = data.aws_region.this.region
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id

  tags = merge(var.tags, {
    "atoll.dev/platform" = var.name
    "atoll.dev/part"     = "cluster"
  })
}
