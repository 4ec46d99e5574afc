# A small platform that is taken away again.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" {
  description = "Name of the platform."
  type        = string
}

variable "region" {
  description = "Region of everything."
  type        = string
}

variable "administrators" {
  description = "IAM roles that administer the cluster."
  type        = set(string)
}

variable "public_access_cidrs" {
  description = "Where the test runs."
  type        = set(string)
}

provider "aws" {
  region = var.region
}

module "platform" {
  source = "../modules/platform"

  name         = var.name
  cost_center  = "test"
  tags         = { Purpose = "test-aws" }
  hub_url      = "http://hub.${var.name}.example.com"
  sign_in      = { issuer = "https://accounts.google.com", username_claim = "email" }
  availability = "Single"

  network = { interface_endpoints = [] }

  cluster = {
    administrators      = var.administrators
    public_access_cidrs = var.public_access_cidrs
    node_groups = {
      directory   = { instance_types = ["t3.large"], min = 1, max = 1 }
      system      = { instance_types = ["t3.large"], min = 1, max = 1 }
      data        = { instance_types = ["t3.large"], min = 1, max = 1 }
      application = { instance_types = ["t3.large"], min = 1, max = 1 }
      job         = { max = 1 }
    }
  }

  storage = {
    database    = { instance_class = "db.t4g.micro", availability = "Single" }
    backup_lock = "None"
  }

  # An account may have Lake Formation's settings already; a test does not replace them.
  identity = { lake_formation = "Unmanaged" }
}

output "platform_yaml" {
  value = module.platform.platform_yaml
}

output "storage_class_yaml" {
  value = module.platform.storage_class_yaml
}

output "kubeconfig_command" {
  value = module.platform.kubeconfig_command
}

output "subnets" {
  value = length(module.platform.network.zones)
}

output "roles" {
  value = module.platform.role_arns
}
