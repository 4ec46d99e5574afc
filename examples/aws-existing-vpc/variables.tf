variable "region" {
  description = "Region of everything."
  type        = string
  default     = "eu-central-1"
}

variable "administrators" {
  description = "IAM roles that administer the cluster, by ARN."
  type        = set(string)
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "private_subnet_ids" {
  description = "Its subnets for nodes and pods, in two zones or more."
  type        = list(string)
}

variable "database_subnet_ids" {
  description = "Its subnets for databases, in two zones or more."
  type        = list(string)
}
