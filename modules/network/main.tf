# A VPC over three zones for the five subclusters, or one that is there already.

data "aws_region" "this" {}

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

data "aws_availability_zones" "this" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  new   = var.existing == null
  zones = local.new ? (length(var.zones) > 0 ? var.zones : slice(data.aws_availability_zones.this.names, 0, 3)) : []

  region    = data.aws_region.this.region
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id

  tags = merge(var.tags, {
    "atoll.dev/platform" = var.name
    "atoll.dev/part"     = "network"
  })
}
