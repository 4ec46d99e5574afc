resource "aws_launch_template" "this" {
  for_each = local.nodes

  name_prefix            = "${var.name}-${each.key}-"
  description            = "Nodes of ${each.key}"
  update_default_version = true
  tags                   = merge(local.tags, { "atoll.dev/subcluster" = each.value.subcluster })

  # IMDSv2 only, and no further than the node itself: a pod cannot take the node's role.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type           = "gp3"
      volume_size           = each.value.disk_gb
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])
    content {
      resource_type = tag_specifications.value
      tags = merge(local.tags, {
        Name                   = "${var.name}-${each.key}"
        "atoll.dev/subcluster" = each.value.subcluster
      })
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
