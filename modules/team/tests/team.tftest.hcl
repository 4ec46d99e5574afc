# What files become, and what is said of files that are wrong.

mock_provider "atoll" {}

variables {
  folder = "./testdata/good"
}

run "files_become_resources" {
  command = plan

  assert {
    condition     = keys(atoll_profile.this) == ["python", "reporting"] && keys(atoll_workspace.this) == ["fraud", "marketing"]
    error_message = "A file's name is the object's name."
  }
  assert {
    condition     = atoll_workspace.this["fraud"].quota.cpu == "4" && atoll_workspace.this["fraud"].quota.memory == "8Gi" && atoll_workspace.this["fraud"].quota.servers == 5
    error_message = "Numbers and texts are both fine for a quantity."
  }
  assert {
    condition     = toset([for m in atoll_workspace.this["fraud"].members : m.name]) == toset(["ada", "dana", "analysts"])
    error_message = "Members are those of the file."
  }
  assert {
    condition     = atoll_workspace.this["fraud"].backup.at == "02:00" && atoll_workspace.this["fraud"].backup.keep == 30
    error_message = "Backups are made as the file says."
  }
  assert {
    condition     = atoll_workspace.this["marketing"].members == null && atoll_workspace.this["marketing"].cost_center == null
    error_message = "What a file leaves out is left to the platform."
  }
  assert {
    condition     = atoll_profile.this["python"].sizes[0].cpu == { guarantee = "100m", limit = "1" } && atoll_profile.this["python"].sizes[0].default
    error_message = "Sizes are those of the file."
  }
  assert {
    condition     = atoll_profile.this["reporting"].env == tomap({ REPORT_LOCALE = "en_GB" })
    error_message = "Variables are those of the file."
  }
  assert {
    condition     = keys(atoll_dataset.this) == ["customers", "orders"] && atoll_dataset.this["customers"].location.table.table == "customers" && atoll_dataset.this["customers"].columns[1].classification == "C3"
    error_message = "A dataset is where the file says, and its columns have classes of their own."
  }
  assert {
    condition     = atoll_data_grant.this["ada-customers"].dataset == "customers" && atoll_data_grant.this["ada-customers"].not_after == "2027-02-28T17:00:00Z" && atoll_data_grant.this["ada-customers"].selector.masks[0].kind == "Hash"
    error_message = "A grant is of what the file selects, and ends when it says."
  }
  assert {
    condition     = keys(atoll_schedule.this) == ["fraud/nightly"] && atoll_schedule.this["fraud/nightly"].workspace == "fraud" && atoll_schedule.this["fraud/nightly"].name == "nightly"
    error_message = "A schedule is in the workspace of its folder."
  }
  assert {
    condition     = atoll_schedule.this["fraud/nightly"].tasks[0].notebook.git.ref == "v1" && atoll_schedule.this["fraud/nightly"].tasks[0].parameters == tomap({ day = "{{ run.date }}", rows = "100" })
    error_message = "A task has the notebook and the parameters of the file."
  }
  assert {
    condition     = atoll_schedule.this["fraud/nightly"].tasks[1].depends_on == toset(["load"]) && atoll_schedule.this["fraud/nightly"].tasks[1].notebook.home == "report.ipynb"
    error_message = "A task waits for those the file names."
  }
  assert {
    condition     = atoll_schedule.this["fraud/nightly"].catch_up == { policy = "All", limit = 20 } && atoll_schedule.this["fraud/nightly"].notify.mail == toset(["ada@example.com"])
    error_message = "Catch-up and notifications are those of the file."
  }
}
