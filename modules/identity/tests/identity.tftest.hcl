# Who may do what. No account: the provider is mocked, its schemas are real.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name         = "reef"
  cluster_name = "reef"
  cluster_arn  = "arn:aws:eks:eu-central-1:123456789012:cluster/reef"
  key_arn      = "arn:aws:kms:eu-central-1:123456789012:key/1"
  tags         = { CostCenter = "data-7" }
  bucket_arns = {
    data    = "arn:aws:s3:::reef-data"
    outputs = "arn:aws:s3:::reef-outputs"
    backups = "arn:aws:s3:::reef-backups"
    logs    = "arn:aws:s3:::reef-logs"
  }
  buckets = { data = "reef-data", logs = "reef-logs" }
}

run "components" {
  command = plan

  assert {
    condition = { for name, a in aws_eks_pod_identity_association.component : name => "${a.namespace}/${a.service_account}" } == {
      autoscaler = "kube-system/cluster-autoscaler", operator = "atoll-directory/operator",
    }
    error_message = "Each component that calls AWS has its role, by its service account."
  }
  assert {
    condition     = alltrue([for r in aws_iam_role.component : r.permissions_boundary == "arn:aws:iam::123456789012:policy/atoll/reef-boundary"])
    error_message = "Every role has a boundary."
  }
  assert {
    condition     = alltrue([for r in aws_iam_role.component : jsondecode(r.assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == var.cluster_arn])
    error_message = "No other cluster can hand the roles out."
  }
  assert {
    condition     = alltrue([for name, r in aws_iam_role.component : jsondecode(r.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/kubernetes-service-account"] == local.component_accounts[name]])
    error_message = "No other service account of the cluster gets the role."
  }
  assert {
    condition     = alltrue(flatten([for p in aws_iam_role_policy.component : [for s in jsondecode(p.policy).Statement : [for a in s.Action : !strcontains(a, "*")]]]))
    error_message = "Actions are named one by one."
  }
  assert {
    condition     = alltrue(flatten([for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : [for r in flatten([s.Resource]) : !startswith(r, "arn:aws:s3:::reef-data")]]))
    error_message = "The operator itself reads no data: grants alone give it."
  }
  assert {
    condition     = toset(flatten([for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Resource if contains(s.Action, "s3:PutObject")])) == toset(["arn:aws:s3:::reef-outputs/outputs/*"])
    error_message = "It writes outputs of runs, and no other objects."
  }
}

run "the_boundary" {
  command = plan

  assert {
    condition = one([for s in jsondecode(aws_iam_policy.boundary.policy).Statement : s if s.Sid == "ReadDataByGrantAlone"]) == {
      Sid      = "ReadDataByGrantAlone"
      Effect   = "Deny"
      Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = "arn:aws:s3:::reef-data/*"
      Condition = { ArnNotLike = { "aws:PrincipalArn" = [
        "arn:aws:iam::123456789012:role/atoll/reef/grants/*", "arn:aws:iam::123456789012:role/reef-backup", "arn:aws:iam::123456789012:role/reef-lake",
        "arn:aws:iam::123456789012:role/reef-objects",
      ] } }
    }
    error_message = "Whatever a component's policy says, it cannot read the data."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_policy.boundary.policy).Statement : contains(s.NotAction, "iam:*") if s.Sid == "WorkInTheAccount"])
    error_message = "No component makes itself a role."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_policy.grants_boundary.policy).Statement : alltrue([for a in s.Action : contains(["s3", "kms", "glue", "lakeformation"], split(":", a)[0]) || s.Sid == "TakeOwnLeasesOn"])])
    error_message = "A grant gives data and leases of data, and nothing else."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_policy.grants_boundary.policy).Statement : s if contains(s.Action, "sts:AssumeRole")]) == {
      Sid    = "TakeOwnLeasesOn"
      Effect = "Allow"
      Action = ["sts:AssumeRole", "sts:TagSession"]
      Resource = [
        "arn:aws:iam::123456789012:role/atoll/reef/leases/tables/$${aws:PrincipalTag/kubernetes-service-account}/*",
        "arn:aws:iam::123456789012:role/atoll/reef/leases/objects/$${aws:PrincipalTag/kubernetes-service-account}/*",
      ]
    }
    error_message = "People take leases of their own on, and nobody else's."
  }
}

run "grants" {
  command = plan

  assert {
    condition = alltrue([for policy in [aws_iam_policy.boundary.policy, aws_iam_role_policy.component["operator"].policy] : alltrue([
      for s in jsondecode(policy).Statement : contains([for part in ["grants", "leases"] : "arn:aws:iam::123456789012:role/atoll/reef/${part}/*"], s.Resource) &&
      try(s.Condition.StringEquals["iam:PermissionsBoundary"], "") == "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary"
      if s.Effect == "Allow" && length(setintersection(try(s.Action, []), ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"])) > 0
    ])])
    error_message = "Roles are made and written below the paths of grants and leases alone, and within the boundary of grants."
  }
  assert {
    condition = one([
      for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Condition.ArnLike["iam:PolicyARN"] if contains(s.Action, "iam:AttachRolePolicy")
    ]) == "arn:aws:iam::123456789012:policy/atoll/reef/grants/*"
    error_message = "No policy but those of grants is attached."
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Condition.StringEquals["iam:PassedToService"] == "pods.eks.amazonaws.com" if contains(s.Action, "iam:PassRole")
    ])
    error_message = "Roles of people are handed to pods alone."
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Condition.StringEquals["aws:ResourceTag/atoll.dev/part"] == "grants" if contains(s.Action, "eks:UpdatePodIdentityAssociation")
    ])
    error_message = "Associations of components are not the operator's to change."
  }
  assert {
    condition     = aws_lakeformation_resource.data[0].arn == "arn:aws:s3:::reef-data" && length(aws_lakeformation_data_lake_settings.this[0].create_table_default_permissions) == 0
    error_message = "Tables are nobody's until they are granted."
  }
}

run "nothing_handed_out" {
  command = plan

  assert {
    condition = length(setintersection(
      flatten([for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Action]),
      ["lakeformation:BatchGrantPermissions", "s3:CreateAccessGrant"],
    )) == 0
    error_message = "The operator asks neither Lake Formation nor S3 Access Grants where it enforces no grants by them."
  }
  assert {
    condition     = output.lake_formation_catalog == "" && output.access_grants_bucket == "" && length(aws_s3control_access_grants_instance.this) == 0
    error_message = "Nothing is handed out unless asked."
  }
}

run "handed_out" {
  command = plan

  variables {
    lake_formation_catalog = "lake"
    access_grants          = "Managed"
  }

  assert {
    condition     = output.lake_formation_catalog == "lake" && output.access_grants_bucket == "reef-data"
    error_message = "The operator hears what is handed out."
  }
  assert {
    condition = toset(flatten([for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Resource if contains(s.Action, "s3:CreateAccessGrant")])) == toset([
      "arn:aws:s3:eu-central-1:123456789012:access-grants/default", "arn:aws:s3:eu-central-1:123456789012:access-grants/default/*",
    ])
    error_message = "The operator makes grants in this one instance."
  }
  assert {
    condition = length(setintersection(
      flatten([for s in jsondecode(aws_iam_role_policy.component["operator"].policy).Statement : s.Action]),
      ["s3:GetDataAccess", "lakeformation:GetDataAccess", "sts:AssumeRole"],
    )) == 0
    error_message = "The operator gets no data itself, and takes no lease on."
  }
  assert {
    condition     = aws_s3control_access_grants_location.data[0].location_scope == "s3://" && aws_iam_role.objects[0].max_session_duration == 3600
    error_message = "The default location is there, and its role lets nobody have data for longer than an hour."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_iam_role_policy.objects[0].policy).Statement : s.Condition.ArnEquals["s3:AccessGrantsInstanceArn"] == "arn:aws:s3:eu-central-1:123456789012:access-grants/default"
    if startswith(s.Action[0], "s3:")])
    error_message = "The role reads by way of S3 Access Grants alone."
  }
  assert {
    condition     = jsondecode(aws_iam_role.objects[0].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceArn"] == "arn:aws:s3:eu-central-1:123456789012:access-grants/default"
    error_message = "No other instance takes the role on."
  }
}

run "the_trail" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.enable_log_file_validation
    error_message = "The trail is of all regions and cannot be changed unseen."
  }
  assert {
    condition     = contains(flatten([for s in aws_cloudtrail.this.advanced_event_selector : [for f in s.field_selector : coalesce(f.starts_with, [])]]), "arn:aws:s3:::reef-data/")
    error_message = "Every read of the data is in the trail."
  }
}

run "a_component_of_yours" {
  command = plan

  variables {
    components = {
      ingest = {
        namespace       = "atoll-data"
        service_account = "ingest"
        statements      = [{ actions = ["kinesis:GetRecords"], resources = ["arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"] }]
      }
    }
    lake_formation = "Unmanaged"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.component["ingest"].policy).Statement[0].Action == ["kinesis:GetRecords"]
    error_message = "Components of yours have roles like ours."
  }
  assert {
    condition     = length(aws_lakeformation_data_lake_settings.this) == 0 && length(aws_iam_role.lake) == 0
    error_message = "Lake Formation's settings are left alone when asked."
  }
}

run "refused" {
  command = plan

  variables {
    components = {
      operator = { namespace = "x", service_account = "x", statements = [{ actions = ["s3:*"], resources = ["*"] }] }
    }
    lake_formation           = "Yes"
    access_grants            = "On"
    data_lake_administrators = ["ada"]
    bucket_arns              = { data = "reef-data", outputs = "*", backups = "", logs = "" }
  }

  expect_failures = [var.components, var.lake_formation, var.access_grants, var.data_lake_administrators, var.bucket_arns]
}

run "a_catalog_that_nobody_manages" {
  command = plan

  variables {
    lake_formation         = "Unmanaged"
    lake_formation_catalog = "lake"
  }

  expect_failures = [var.lake_formation_catalog]
}

run "a_catalog_with_a_table" {
  command = plan

  variables {
    lake_formation_catalog = "lake.sales"
  }

  expect_failures = [var.lake_formation_catalog]
}
