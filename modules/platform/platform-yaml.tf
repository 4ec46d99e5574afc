# The file that the installer takes. Its kind is atoll.dev/v1alpha1 Platform; `atoll check -f` reads it.

locals {
  # Without a node group for each subcluster, its pods run wherever there is room.
  placement = length(module.cluster.subclusters) == 5 ? "Required" : "Relaxed"

  homes_class = "atoll-homes"

  # Databases on the one server, each with a role of its own name.
  hub_database      = "hub"
  identity_database = "keycloak"

  # Where people's servers and runs find data: S3 by the addresses that AWS lists, and what else is named.
  data_egress = concat([for range in sort(data.aws_prefix_list.s3.cidr_blocks) : "${range}:443"], sort(var.data_egress))

  component_values = merge(
    {
      operator = {
        global = { storageClass = local.homes_class }
        runs   = { bucket = module.storage.buckets.outputs }
      }
      hub = merge(
        {
          global = { storageClass = local.homes_class }
          db     = { urlSecretRef = { name = "hub-database" }, port = module.storage.database.port }
        },
        { for k, v in {
          service = merge(
            { annotations = merge(
              {
                "service.beta.kubernetes.io/aws-load-balancer-type"     = "nlb"
                "service.beta.kubernetes.io/aws-load-balancer-internal" = "true"
              },
              { for k, v in {
                "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"  = var.certificate_arn
                "service.beta.kubernetes.io/aws-load-balancer-ssl-ports" = "443"
              } : k => v if var.certificate_arn != "" },
            ) },
            { for k, v in { port = 443 } : k => v if var.certificate_arn != "" },
          )
        } : k => v if var.access == "LoadBalancer" },
      )
    },
    { for k, v in {
      identity = { database = {
        type = "Postgres"
        postgres = {
          url    = "jdbc:postgresql://${module.storage.database.host}:${module.storage.database.port}/${local.identity_database}?sslmode=require"
          port   = module.storage.database.port
          secret = "keycloak-database"
        }
      } }
    } : k => v if var.sign_in.issuer == "" },
  )

  platform = {
    apiVersion = "atoll.dev/v1alpha1"
    kind       = "Platform"
    metadata   = { name = var.name }
    spec = {
      placement    = local.placement
      availability = var.availability
      images       = { for k, v in var.images : k => v if v != "" }
      access       = { for k, v in { type = var.access, hubURL = var.hub_url, identityURL = var.sign_in.url } : k => v if v != "" }
      identity = merge(
        { clientID = var.sign_in.client_id, usernameClaim = var.sign_in.username_claim, groupsClaim = var.sign_in.groups_claim },
        { for k, v in { issuer = var.sign_in.issuer } : k => v if v != "" },
      )
      # Each person has a role, which grants of objects are compiled to. The ARN is put together so that a plan shows it.
      aws = merge(
        {
          clusterARN        = "arn:${data.aws_partition.this.partition}:eks:${local.region}:${data.aws_caller_identity.this.account_id}:cluster/${module.cluster.name}"
          grantsBoundaryARN = module.identity.grants_boundary_arn
          dataEncryption    = "KMS"
          egress            = local.data_egress
        },
        { for k, v in {
          lakeFormationCatalog = module.identity.lake_formation_catalog
          accessGrantsBucket   = module.identity.access_grants_bucket
        } : k => v if v != "" },
      )
      # S3 is the object store here.
      components = concat(
        [{ name = "objectstore", state = "Disabled" }],
        [for name, values in local.component_values : { name = name, values = values }],
      )
    }
  }
}
