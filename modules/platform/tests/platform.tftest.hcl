# The whole platform, and the platform.yaml that comes of it. No account: the provider is mocked, its schemas are real.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_prefix_list" {
    defaults = { cidr_blocks = ["52.219.0.0/20", "3.5.136.0/22"] }
  }
  mock_resource "aws_vpc" {
    defaults = { id = "vpc-0123" }
  }
}

variables {
  name        = "reef"
  cost_center = "data-7"
  hub_url     = "https://hub.example.com"
  sign_in     = { issuer = "https://login.example.com" }
  cluster     = { administrators = ["arn:aws:iam::123456789012:role/platform"] }
}

run "platform_yaml" {
  command = plan

  assert {
    condition     = local.platform.apiVersion == "atoll.dev/v1alpha1" && local.platform.kind == "Platform" && local.platform.metadata.name == "reef"
    error_message = "It is what the installer reads."
  }
  assert {
    condition     = local.platform.spec.placement == "Required" && local.platform.spec.availability == "High"
    error_message = "Each subcluster keeps to nodes of its own."
  }
  assert {
    condition     = local.platform.spec.components[0] == { name = "objectstore", state = "Disabled" }
    error_message = "S3 is the object store."
  }
  assert {
    condition     = local.component_values.hub.db.urlSecretRef.name == "hub-database" && local.component_values.operator.global.storageClass == "atoll-homes"
    error_message = "The hub's state is in the database, and homes are on EFS."
  }
  assert {
    condition     = local.component_values.operator.runs.bucket == module.storage.buckets.outputs
    error_message = "Runs keep their notebooks in the bucket of outputs, by the operator's role."
  }
  assert {
    condition = local.platform.spec.aws == {
      clusterARN        = "arn:aws:eks:eu-central-1:123456789012:cluster/reef"
      grantsBoundaryARN = "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary"
      dataEncryption    = "KMS"
      egress            = ["3.5.136.0/22:443", "52.219.0.0/20:443"]
    }
    error_message = "Grants are enforced by people's roles, and people reach S3 and nothing else of the internet."
  }
  assert {
    condition     = !contains(keys(local.component_values), "identity")
    error_message = "With a provider of your own there is no Keycloak to configure."
  }
  assert {
    condition     = local.storage_class.provisioner == "efs.csi.aws.com" && local.storage_class.reclaimPolicy == "Retain"
    error_message = "Homes outlive their claims."
  }
}

run "handed_out" {
  command = plan

  variables {
    identity    = { lake_formation_catalog = "lake", access_grants = "Managed" }
    data_egress = ["10.0.1.7/32:443"]
  }

  assert {
    condition     = local.platform.spec.aws.lakeFormationCatalog == "lake" && local.platform.spec.aws.accessGrantsBucket == module.storage.buckets.data
    error_message = "Lake Formation hands tables out, and S3 Access Grants the objects of the data bucket."
  }
  assert {
    condition     = local.platform.spec.aws.egress == ["3.5.136.0/22:443", "52.219.0.0/20:443", "10.0.1.7/32:443"]
    error_message = "People reach what is named besides S3."
  }
}

run "keycloak_behind_a_load_balancer" {
  command = plan

  variables {
    sign_in      = { url = "https://identity.example.com" }
    access       = "LoadBalancer"
    availability = "Single"

    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"

    images = { registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/atoll", version = "1.2.3" }
  }

  assert {
    condition     = local.platform.spec.access == { type = "LoadBalancer", hubURL = "https://hub.example.com", identityURL = "https://identity.example.com" }
    error_message = "People reach the platform as asked."
  }
  assert {
    condition     = local.component_values.hub.service.annotations["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"
    error_message = "The load balancer is inside the VPC."
  }
  assert {
    condition     = local.component_values.hub.service.port == 443 && local.component_values.hub.service.annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-cert"] == var.certificate_arn
    error_message = "The load balancer ends TLS."
  }
  assert {
    condition     = local.component_values.identity.database.type == "Postgres"
    error_message = "Keycloak's state is in the database."
  }
  assert {
    condition     = local.platform.spec.images == { registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/atoll", version = "1.2.3" }
    error_message = "Images come from the mirror."
  }
}

run "some_nodes_only" {
  command = plan

  variables {
    cluster = {
      administrators = ["arn:aws:iam::123456789012:role/platform"]
      node_groups    = { job = {}, application = {} }
    }
  }

  assert {
    condition     = local.platform.spec.placement == "Relaxed"
    error_message = "Pods run anywhere where not every subcluster has nodes."
  }
}

run "refused" {
  command = plan

  variables {
    name         = "Reef"
    cost_center  = ""
    tags         = { CostCenter = "other" }
    hub_url      = "hub.example.com"
    sign_in      = {}
    access       = "Public"
    availability = "Some"
    images       = { registry = "" }
    data_egress  = ["10.0.1.7"]
  }

  expect_failures = [var.name, var.cost_center, var.tags, var.hub_url, var.sign_in, var.access, var.availability, var.images, var.data_egress]
}

run "a_cluster_in_no_vpc" {
  command = plan

  variables {
    cluster = { existing = "lagoon" }
  }

  expect_failures = [var.cluster]
}
