# What the example plans, with the provider for tests.

variables {
  administrators      = ["arn:aws:iam::123456789012:role/platform"]
  vpc_id              = "vpc-0123456789abcdef0"
  private_subnet_ids  = ["subnet-a", "subnet-b"]
  database_subnet_ids = ["subnet-d", "subnet-e"]
}

run "plan" {
  command = plan

  assert {
    condition     = strcontains(output.database_sql, "CREATE DATABASE keycloak OWNER keycloak;")
    error_message = "The platform's own Keycloak has a database."
  }
}
