locals {
  kubeconfig_command = "aws eks update-kubeconfig --region ${local.region} --name ${module.cluster.name} --alias ${var.name}"

  # A role of its own for each component, on a database of its own. psql asks for the passwords.
  database_sql = join("\n", [for name in concat([local.hub_database], var.sign_in.issuer == "" ? [local.identity_database] : []) : join("\n", [
    "CREATE ROLE ${name} LOGIN;",
    "\\password ${name}",
    "GRANT ${name} TO ${module.storage.database.username};",
    "CREATE DATABASE ${name} OWNER ${name};",
    "REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC;",
  ])])

  secret_commands = concat(
    ["kubectl --context ${var.name} create namespace atoll-application --dry-run=client -o yaml | kubectl --context ${var.name} apply -f -"],
    ["kubectl --context ${var.name} -n atoll-application create secret generic hub-database --from-file=url=hub-database.url"],
    var.sign_in.issuer == "" ? [
      "kubectl --context ${var.name} create namespace atoll-system --dry-run=client -o yaml | kubectl --context ${var.name} apply -f -",
      "kubectl --context ${var.name} -n atoll-system create secret generic keycloak-database --from-literal=username=${local.identity_database} --from-file=password=keycloak-database.password",
      ] : [
      "kubectl --context ${var.name} -n atoll-application create secret generic atoll-oidc --from-file=client-secret=client-secret",
    ],
  )
}
