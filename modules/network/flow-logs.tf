# Who talked to whom, in every subnet.
resource "aws_flow_log" "this" {
  count = local.new ? 1 : 0

  vpc_id                   = aws_vpc.this[0].id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow[0].arn
  iam_role_arn             = aws_iam_role.flow[0].arn
  max_aggregation_interval = 600
  tags                     = merge(local.tags, { Name = var.name })
}

resource "aws_cloudwatch_log_group" "flow" {
  count = local.new ? 1 : 0

  name              = local.flow_log_group
  retention_in_days = var.flow_log_retention_days
  kms_key_id        = aws_kms_key.logs[0].arn
  tags              = local.tags
}

locals {
  flow_log_group     = "/atoll/${var.name}/flow"
  flow_log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.flow_log_group}"
}

resource "aws_iam_role" "flow" {
  count = local.new ? 1 : 0

  name                 = "${var.name}-flow-logs"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "flow" {
  count = local.new ? 1 : 0

  name = "write"
  role = aws_iam_role.flow[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = [local.flow_log_group_arn, "${local.flow_log_group_arn}:*"]
    }]
  })
}
