variable "region" {
  description = "Region of everything."
  type        = string
  default     = "eu-central-1"
}

variable "administrators" {
  description = "IAM roles that administer the cluster, by ARN."
  type        = set(string)
}

variable "cluster_name" {
  description = "The EKS cluster."
  type        = string
}

variable "vpc_id" {
  description = "The VPC that it is in."
  type        = string
}

variable "private_subnet_ids" {
  description = "Subnets for the platform's nodes, in two zones or more."
  type        = list(string)
}

variable "certificate_arn" {
  description = "Certificate of ACM for hub.example.com."
  type        = string
}
