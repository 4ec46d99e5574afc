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
