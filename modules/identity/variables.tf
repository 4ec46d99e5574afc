variable "name" {
  description = "Name of the platform; every role is named after it."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "cluster_name" {
  description = "EKS cluster whose pods get the roles."
  type        = string
}

variable "cluster_arn" {
  description = "ARN of that cluster: no other can hand the roles out."
  type        = string
}

variable "bucket_arns" {
  description = "ARNs of the buckets by purpose, as modules/storage has them."
  type = object({
    data    = string
    outputs = string
    backups = string
    logs    = string
  })

  validation {
    condition     = alltrue([for arn in values(var.bucket_arns) : can(regex("^arn:[a-z-]+:s3:::[^*/]+$", arn))])
    error_message = "bucket_arns: ARNs of buckets, without a path or a wildcard."
  }
}

variable "buckets" {
  description = "Names of the data and the logs bucket once they are there and may be written to: the trail begins after that. bucket_arns is known before."
  type = object({
    data = string
    logs = string
  })
}

variable "key_arn" {
  description = "Key that the buckets are encrypted with."
  type        = string
}

variable "components" {
  description = "Components of your own that call AWS: who they are in the cluster, and the statements of their policy."
  type = map(object({
    namespace       = string
    service_account = string
    statements = list(object({
      actions   = list(string)
      resources = list(string)
    }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.components) : can(regex("^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", name)) && !contains(["operator", "autoscaler"], name)])
    error_message = "components: names are 1 to 30 lower-case letters, digits and hyphens, and not operator or autoscaler, which are the platform's."
  }

  validation {
    condition = alltrue(flatten([for c in values(var.components) : [for s in c.statements : [
      for a in s.actions : can(regex("^[a-z0-9-]+:[A-Za-z]+[*]?$", a))
    ]]]))
    error_message = "components: actions are named one by one, such as s3:GetObject; a service as a whole (s3:*) is too much."
  }
}

variable "lake_formation" {
  description = "Managed makes Lake Formation decide about tables in this account and region, instead of IAM alone; it replaces the settings that are there. Unmanaged leaves them."
  type        = string
  default     = "Managed"
  nullable    = false

  validation {
    condition     = contains(["Managed", "Unmanaged"], var.lake_formation)
    error_message = "lake_formation: Managed or Unmanaged."
  }
}

variable "lake_formation_catalog" {
  description = "What datasets call the catalog whose tables Lake Formation hands out, such as lake; grants of tables are not enforced by it when empty."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9_][a-z0-9_-]{0,127})?$", var.lake_formation_catalog))
    error_message = "lake_formation_catalog: the first part of the names of tables, such as lake: lower-case letters, digits, underscores and hyphens."
  }

  validation {
    condition     = var.lake_formation_catalog == "" || var.lake_formation == "Managed"
    error_message = "lake_formation_catalog: Lake Formation enforces grants of tables where lake_formation is Managed, and it is ${var.lake_formation}."
  }
}

variable "access_grants" {
  description = "Managed makes S3 Access Grants hand out the objects of the data bucket, for more prefixes than a role's policies have room for; Unmanaged leaves them to the policies of people's roles. An account has one instance in a region."
  type        = string
  default     = "Unmanaged"
  nullable    = false

  validation {
    condition     = contains(["Managed", "Unmanaged"], var.access_grants)
    error_message = "access_grants: Managed or Unmanaged."
  }
}

variable "data_lake_administrators" {
  description = "IAM roles or users that administer Lake Formation besides the operator, by ARN."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.data_lake_administrators : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+$", a))])
    error_message = "data_lake_administrators: ARNs of IAM roles or users."
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
