variable "kubeconfig" {
  description = "Kubeconfig file of the cluster; the usual places when null."
  type        = string
  default     = null
}

variable "context" {
  description = "Context in it; the current one when null."
  type        = string
  default     = null
}

variable "workspace" {
  description = "Workspace that the schedule is in."
  type        = string
  default     = "fraud"
}

variable "owner" {
  description = "Person in whose home the notebooks are, and in whose name they run."
  type        = string
  default     = "ada"
}

variable "webhooks" {
  description = "Webhooks that hear of a run that failed."
  type        = set(string)
  default     = []
}

variable "engine" {
  description = "What releases and retries the tasks: Kubernetes, or Airflow where the platform has it."
  type        = string
  default     = "Kubernetes"
}
