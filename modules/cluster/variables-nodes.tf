variable "node_groups" {
  description = "Node groups to make: the five subclusters, and gpu by choice. What is left out of one stays as nodes.tf has it; an empty map makes none."
  type = map(object({
    instance_types = optional(list(string))
    capacity       = optional(string)
    min            = optional(number)
    max            = optional(number)
    disk_gb        = optional(number)
    ami_type       = optional(string)
  }))
  default = {
    directory   = {}
    system      = {}
    data        = {}
    application = {}
    job         = {}
  }
  nullable = false

  validation {
    condition     = alltrue([for k in keys(var.node_groups) : contains(["directory", "system", "data", "application", "job", "gpu"], k)])
    error_message = "node_groups: directory, system, data, application, job and gpu are what there is."
  }

  validation {
    condition     = alltrue([for g in values(var.node_groups) : contains(["OnDemand", "Spot"], coalesce(g.capacity, "OnDemand"))])
    error_message = "node_groups: capacity is OnDemand or Spot."
  }

  validation {
    condition     = alltrue([for k, g in var.node_groups : contains(["job", "gpu"], k) || coalesce(g.capacity, "OnDemand") == "OnDemand"])
    error_message = "node_groups: capacity Spot is for job and gpu; in the others AWS would take away what people work on."
  }

  validation {
    condition     = alltrue([for g in values(var.node_groups) : coalesce(g.min, 0) >= 0 && coalesce(g.max, 1000) >= coalesce(g.min, 0) && coalesce(g.max, 1) >= 1])
    error_message = "node_groups: min is 0 or more, and max is 1 or more and not below min."
  }

  validation {
    condition     = alltrue([for g in values(var.node_groups) : coalesce(g.disk_gb, 100) >= 30 && coalesce(g.disk_gb, 100) <= 16384])
    error_message = "node_groups: disk_gb is 30 to 16384."
  }
}

variable "addons" {
  description = "EKS add-ons to make. An existing cluster may have some of them already: name those that it lacks."
  type        = set(string)
  default     = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver"]
  nullable    = false

  validation {
    condition = alltrue([for a in var.addons : contains([
      "vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver", "metrics-server", "snapshot-controller",
    ], a)])
    error_message = "addons: vpc-cni, kube-proxy, eks-pod-identity-agent, coredns, aws-ebs-csi-driver, aws-efs-csi-driver, metrics-server and snapshot-controller are what this module knows."
  }
}

variable "addon_versions" {
  description = "Exact versions of add-ons, so that the same configuration gives the same cluster. One that is not named has the default of EKS at the time it is made."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for v in values(var.addon_versions) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", v))])
    error_message = "addon_versions: exact versions such as v1.20.1-eksbuild.1; `aws eks describe-addon-versions` lists them."
  }

  validation {
    condition     = alltrue([for a in keys(var.addon_versions) : contains(var.addons, a)])
    error_message = "addon_versions: it names an add-on that addons does not."
  }
}
