# What outlives the cluster: buckets, homes, the database, and backups of them that are tried.

data "aws_region" "this" {}

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

locals {
  region    = data.aws_region.this.region
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id

  tags = merge(var.tags, {
    "atoll.dev/platform" = var.name
    "atoll.dev/part"     = "storage"
  })
}
