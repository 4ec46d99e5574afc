output "name" {
  description = "Name of the cluster."
  value       = local.name
}

output "arn" {
  description = "ARN of the cluster."
  value       = local.new ? aws_eks_cluster.this[0].arn : data.aws_eks_cluster.existing[0].arn
}

output "endpoint" {
  description = "Address of the API server."
  value       = local.new ? aws_eks_cluster.this[0].endpoint : data.aws_eks_cluster.existing[0].endpoint
}

output "version" {
  description = "Kubernetes version of the cluster."
  value       = local.new ? aws_eks_cluster.this[0].version : data.aws_eks_cluster.existing[0].version
}

output "security_group_id" {
  description = "Security group of the control plane and of all nodes."
  value       = (local.new ? aws_eks_cluster.this[0].vpc_config : data.aws_eks_cluster.existing[0].vpc_config)[0].cluster_security_group_id
}

output "subclusters" {
  description = "Subclusters that have nodes of their own."
  value       = sort(distinct([for group in local.nodes : group.subcluster]))
}

output "node_group_names" {
  description = "Names of the node groups."
  value       = { for name, group in aws_eks_node_group.this : name => group.node_group_name }
}
