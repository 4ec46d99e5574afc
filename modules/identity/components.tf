# The platform's own components that call AWS, who they are in the cluster, and what they may do.

locals {
  platform_components = {
    operator = {
      namespace       = "atoll-directory"
      service_account = "operator"
      statements      = local.operator_statements
    }
    autoscaler = {
      namespace       = "kube-system"
      service_account = "cluster-autoscaler"
      statements      = local.autoscaler_statements
    }
  }

  own_components = { for name, c in var.components : name => {
    namespace       = c.namespace
    service_account = c.service_account
    statements      = [for s in c.statements : { Effect = "Allow", Action = s.actions, Resource = s.resources }]
  } }

  # Maps of one shape for each concern: statements differ in theirs.
  component_names    = concat(keys(local.platform_components), keys(var.components))
  component_accounts = { for name in local.component_names : name => merge(local.platform_components, local.own_components)[name].service_account }
  component_spaces   = { for name in local.component_names : name => merge(local.platform_components, local.own_components)[name].namespace }
  component_policies = { for name in local.component_names : name => jsonencode({
    Version   = "2012-10-17"
    Statement = merge(local.platform_components, local.own_components)[name].statements
  }) }
}
