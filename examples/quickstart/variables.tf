variable "kubeconfig" {
  description = "Path of the kubeconfig of the cluster that the platform runs on."
  type        = string
  default     = null
}

variable "context" {
  description = "Context in the kubeconfig; its current context when null."
  type        = string
  default     = null
}

variable "notebook_image" {
  description = "Image of both profiles, pinned by tag or digest."
  type        = string
  default     = "docker.io/atoll/notebook:0.1.0"
}
