# What the example plans, with the provider for tests.

variables {
  administrators = ["arn:aws:iam::123456789012:role/platform"]
}

run "plan" {
  command = plan

  assert {
    condition     = yamldecode(output.platform_yaml).spec.identity.issuer == "https://login.example.com" && yamldecode(output.platform_yaml).spec.placement == "Required"
    error_message = "People sign in at your provider, and every subcluster has nodes of its own."
  }
  assert {
    condition     = strcontains(output.database_sql, "CREATE DATABASE hub OWNER hub;") && !strcontains(output.database_sql, "keycloak")
    error_message = "The hub has a database of its own."
  }
}
