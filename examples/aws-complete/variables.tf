variable "region" {
  description = "Region of everything."
  type        = string
  default     = "eu-central-1"
}

variable "administrators" {
  description = "IAM roles that administer the cluster, by ARN."
  type        = set(string)
}
