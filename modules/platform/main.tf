# The AWS side of a platform, from nothing or from what is there, and the platform.yaml that `atoll bootstrap` takes.
# What is null here has the default of the module it goes to.

data "aws_region" "this" {}
data "aws_partition" "this" {}
data "aws_caller_identity" "this" {}

# The addresses of S3 in the region, which network policies open.
data "aws_prefix_list" "s3" {
  name = "com.amazonaws.${local.region}.s3"
}

locals {
  region = data.aws_region.this.region
  tags   = merge(var.tags, { CostCenter = var.cost_center })
}

module "network" {
  source = "../network"

  name                     = var.name
  existing                 = var.network.existing
  cidr                     = var.network.cidr
  zones                    = var.network.zones
  nat                      = var.network.nat
  interface_endpoints      = var.network.interface_endpoints
  permissions_boundary_arn = module.identity.permissions_boundary_arn
  tags                     = local.tags
}

module "cluster" {
  source = "../cluster"

  name                     = var.name
  existing                 = var.cluster.existing
  kubernetes_version       = var.cluster.kubernetes_version
  subnet_ids               = module.network.private_subnet_ids
  public_access_cidrs      = var.cluster.public_access_cidrs
  administrators           = var.cluster.administrators
  viewers                  = var.cluster.viewers
  node_groups              = var.cluster.node_groups
  addons                   = var.cluster.addons
  addon_versions           = var.cluster.addon_versions
  permissions_boundary_arn = module.identity.permissions_boundary_arn
  tags                     = local.tags
}

module "storage" {
  source = "../storage"

  name                     = var.name
  vpc_id                   = module.network.vpc_id
  home_subnet_ids          = module.network.private_subnet_ids
  database_subnet_ids      = module.network.database_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  database                 = var.storage.database
  retention                = var.storage.retention
  backup_lock              = var.storage.backup_lock
  restore_test_schedule    = var.storage.restore_test_schedule
  permissions_boundary_arn = module.identity.permissions_boundary_arn
  tags                     = local.tags
}

module "identity" {
  source = "../identity"

  name                     = var.name
  cluster_name             = module.cluster.name
  cluster_arn              = module.cluster.arn
  bucket_arns              = module.storage.bucket_arns
  buckets                  = module.storage.buckets
  key_arn                  = module.storage.key_arn
  components               = var.identity.components
  lake_formation           = var.identity.lake_formation
  lake_formation_catalog   = var.identity.lake_formation_catalog
  access_grants            = var.identity.access_grants
  data_lake_administrators = var.identity.data_lake_administrators
  tags                     = local.tags
}
