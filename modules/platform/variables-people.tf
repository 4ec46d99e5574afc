variable "sign_in" {
  description = "The OpenID Connect provider that everyone signs in with. Without an issuer the platform runs Keycloak, reached at url."
  type = object({
    issuer         = optional(string, "")
    client_id      = optional(string, "atoll-hub")
    username_claim = optional(string, "preferred_username")
    groups_claim   = optional(string, "groups")
    url            = optional(string, "")
  })

  validation {
    condition     = alltrue([for u in [var.sign_in.issuer, var.sign_in.url] : u == "" || can(regex("^https://[^\\s/]+[^\\s]*$", u))])
    error_message = "sign_in: issuer and url are addresses that begin with https://."
  }

  validation {
    condition     = (var.sign_in.issuer == "") != (var.sign_in.url == "")
    error_message = "sign_in: set issuer to your provider, or url to where people will reach the platform's own Keycloak; one of the two."
  }
}

variable "hub_url" {
  description = "Where people will reach the hub in their browser."
  type        = string

  validation {
    condition     = can(regex("^https?://[^\\s/]+[^\\s]*$", var.hub_url))
    error_message = "hub_url: an address such as https://hub.example.com."
  }
}

variable "access" {
  description = "How people reach the hub: ClusterIP behind an ingress of yours, or LoadBalancer, which is a network load balancer inside the VPC."
  type        = string
  default     = "ClusterIP"

  validation {
    condition     = contains(["ClusterIP", "LoadBalancer"], var.access)
    error_message = "access: ClusterIP or LoadBalancer."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM for the host of hub_url, with which a LoadBalancer ends TLS at port 443."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[-a-z0-9]+)?$", var.certificate_arn))
    error_message = "certificate_arn: the ARN of a certificate, such as arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef."
  }

  validation {
    condition     = (var.certificate_arn != "") == (var.access == "LoadBalancer" && startswith(var.hub_url, "https://"))
    error_message = "certificate_arn: a LoadBalancer needs one to answer at ${var.hub_url}, and nothing else takes one."
  }
}

variable "availability" {
  description = "High runs two replicas of what coordinates, Single runs one."
  type        = string
  default     = "High"

  validation {
    condition     = contains(["High", "Single"], var.availability)
    error_message = "availability: High or Single."
  }
}

variable "images" {
  description = "Where images are pulled from, such as a mirror in ECR, and their tag; an empty version is that of the installer."
  type = object({
    registry = optional(string, "docker.io/atoll")
    version  = optional(string, "")
  })
  default = {}

  validation {
    condition     = can(regex("^[a-z0-9][-a-z0-9._:/]*[a-z0-9]$", var.images.registry)) && can(regex("^([A-Za-z0-9_][-A-Za-z0-9_.]*)?$", var.images.version))
    error_message = "images: registry is a host and a path, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com/atoll; version is a tag."
  }
}
