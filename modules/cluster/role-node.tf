# What a node may do: join the cluster and pull images. Everything else belongs to the pods that need it.
resource "aws_iam_role" "node" {
  count = length(var.node_groups) > 0 ? 1 : 0

  name                 = "${var.name}-node"
  description          = "What the nodes of ${var.name} may do in the account"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = length(var.node_groups) > 0 ? toset(["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy"]) : []

  role       = aws_iam_role.node[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.value}"
}
