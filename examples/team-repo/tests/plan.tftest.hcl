# What the files in team/ become.

mock_provider "atoll" {}

run "plan" {
  command = plan

  assert {
    condition     = keys(output.workspaces) == ["forecasting", "pricing"]
    error_message = "Each file is a workspace."
  }
}
