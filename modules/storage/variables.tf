variable "name" {
  description = "Name of the platform; every resource of its storage is named after it."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "vpc_id" {
  description = "VPC that homes and the database are in."
  type        = string

  validation {
    condition     = can(regex("^vpc-", var.vpc_id))
    error_message = "vpc_id: the id of a VPC, such as vpc-0a1b2c3d."
  }
}

variable "home_subnet_ids" {
  description = "Subnets that homes are mounted from, one a zone: those of the nodes."
  type        = list(string)

  validation {
    condition     = length(var.home_subnet_ids) >= 1
    error_message = "home_subnet_ids: one a zone, and one at least."
  }
}

variable "database_subnet_ids" {
  description = "Subnets of the database, in two zones or more."
  type        = list(string)

  validation {
    condition     = length(var.database_subnet_ids) >= 2
    error_message = "database_subnet_ids: two or more, in different zones."
  }
}

variable "client_security_group_id" {
  description = "Security group of the nodes: what reaches homes and the database."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role of this module; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn: the ARN of an IAM policy."
  }
}

variable "tags" {
  description = "Tags of every resource, such as the cost center."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for k in keys(var.tags) : !startswith(k, "aws:") && !startswith(k, "atoll.dev/")])
    error_message = "tags: keys that begin with aws: or atoll.dev/ are not yours to set."
  }
}
