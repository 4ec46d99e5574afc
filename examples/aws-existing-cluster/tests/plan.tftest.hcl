# What the example plans, with the provider for tests.

variables {
  administrators     = ["arn:aws:iam::123456789012:role/platform"]
  cluster_name       = "lagoon"
  vpc_id             = "vpc-0123456789abcdef0"
  private_subnet_ids = ["subnet-a", "subnet-b"]
  certificate_arn    = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
}

run "plan" {
  command = plan

  assert {
    condition     = yamldecode(output.platform_yaml).spec.access.type == "LoadBalancer"
    error_message = "The hub has a load balancer of its own."
  }
}
