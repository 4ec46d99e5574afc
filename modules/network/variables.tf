variable "name" {
  description = "Name of the platform; every resource of the network is named after it."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "existing" {
  description = "A VPC that is there already, and its subnets in two zones or more. Null makes a new one. Nothing of an existing VPC is changed."
  type = object({
    vpc_id              = string
    private_subnet_ids  = list(string)
    public_subnet_ids   = optional(list(string), [])
    database_subnet_ids = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.existing == null || can(regex("^vpc-[0-9a-f]+$", var.existing.vpc_id))
    error_message = "existing.vpc_id: the id of a VPC, such as vpc-0a1b2c3d."
  }

  validation {
    condition     = var.existing == null || try(length(var.existing.private_subnet_ids) >= 2, false)
    error_message = "existing.private_subnet_ids: two subnets or more, in different zones: EKS asks for them."
  }
}

variable "cidr" {
  description = "Addresses of the VPC. Every pod has one: a /16 has room for 24,000 of them, a /20 for 1,500."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]), 0) >= 16 && try(tonumber(split("/", var.cidr)[1]), 99) <= 20
    error_message = "cidr: an IPv4 range in CIDR notation from /16 to /20, such as 10.0.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones to use; empty means the first three of the region."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.zones) == 0 || (length(var.zones) >= 2 && length(var.zones) <= 3 && length(distinct(var.zones)) == length(var.zones))
    error_message = "zones: none, or two or three different ones, such as [\"eu-central-1a\", \"eu-central-1b\"]."
  }
}

variable "nat" {
  description = "How nodes reach the internet: One gateway for all (cheaper, a zone's failure cuts all off), PerZone, or None."
  type        = string
  default     = "One"
  nullable    = false

  validation {
    condition     = contains(["One", "PerZone", "None"], var.nat)
    error_message = "nat: One, PerZone or None."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached without the internet, by the last part of their endpoint's name. Each costs by the hour and zone. S3 always has a gateway endpoint, which is free."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "eks-auth", "sts"]
  nullable    = false

  validation {
    condition     = alltrue([for s in var.interface_endpoints : can(regex("^[a-z0-9][a-z0-9.-]*$", s))])
    error_message = "interface_endpoints: names such as sts, ecr.api or eks-auth."
  }
}

variable "flow_log_retention_days" {
  description = "How long the log of all connections is kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_retention_days)
    error_message = "flow_log_retention_days: a number of days that CloudWatch knows and at least 30, such as 90, 365 or 1096."
  }
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
