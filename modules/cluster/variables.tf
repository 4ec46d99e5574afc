variable "name" {
  description = "Name of the platform, which the cluster is named after where a new one is made."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "existing" {
  description = "Name of an EKS cluster that is there already. Null makes a new one. The cluster itself is not changed; node groups and add-ons are added to it as node_groups and addons say."
  type        = string
  default     = null

  validation {
    condition     = var.existing == null || can(regex("^[0-9A-Za-z][-_0-9A-Za-z]{0,99}$", var.existing))
    error_message = "existing: the name of an EKS cluster."
  }
}

variable "kubernetes_version" {
  description = "Kubernetes version of a new cluster and of its nodes. EKS upgrades in place, one minor version at a time."
  type        = string
  default     = "1.35"
  nullable    = false

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]), 0) >= 30
    error_message = "kubernetes_version: 1.30 or newer, without a patch level, such as \"1.35\"."
  }
}

variable "subnet_ids" {
  description = "Private subnets of the control plane's interfaces and of the nodes, in two zones or more."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids: two or more, in different zones."
  }
}

variable "public_access_cidrs" {
  description = "Ranges from which the API server is reached over the internet; empty keeps it inside the VPC."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for c in var.public_access_cidrs : can(cidrhost(c, 0)) && !endswith(c, "/0")])
    error_message = "public_access_cidrs: ranges in CIDR notation, such as 203.0.113.0/24; the whole internet is not one of them."
  }
}

variable "administrators" {
  description = "IAM roles or users that administer the cluster, by ARN. Whoever runs Terraform is none unless listed."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.administrators : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+$", a))])
    error_message = "administrators: ARNs of IAM roles or users. Take the role's own ARN, not that of a session (assumed-role)."
  }

  validation {
    condition     = var.existing != null || length(var.administrators) > 0
    error_message = "administrators: a new cluster needs one at least, or nobody can reach it."
  }
}

variable "viewers" {
  description = "IAM roles or users that may read everything in the cluster but Secrets, by ARN."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.viewers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+$", a))])
    error_message = "viewers: ARNs of IAM roles or users."
  }
}

variable "log_retention_days" {
  description = "How long the control plane's logs are kept, its audit log among them."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: a number of days that CloudWatch knows and at least 30, such as 90, 365 or 1096."
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
