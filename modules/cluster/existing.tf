data "aws_eks_cluster" "existing" {
  count = local.new ? 0 : 1

  name = var.existing

  lifecycle {
    postcondition {
      condition     = contains(["API", "API_AND_CONFIG_MAP"], try(self.access_config[0].authentication_mode, "CONFIG_MAP"))
      error_message = "existing: cluster ${self.name} has no access entries. Set its authentication mode to API_AND_CONFIG_MAP first; that cannot be undone."
    }
  }
}
