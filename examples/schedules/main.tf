# A report that makes itself: three notebooks of ada's home, every working day at half past six in Amsterdam.
# It stands on the workspace fraud and the profile python of examples/quickstart.

terraform {
  required_version = ">= 1.11"
  required_providers {
    atoll = {
      source = "atoll-platform/atoll"
    }
  }
}

provider "atoll" {
  kubeconfig = var.kubeconfig
  context    = var.context
}

resource "atoll_schedule" "report" {
  workspace   = var.workspace
  name        = "report"
  owner       = var.owner
  description = "Loads the day, checks it and publishes the numbers."
  profile     = "python"
  size        = "small"
  cron        = "30 6 * * 1-5"
  time_zone   = "Europe/Amsterdam"
  engine      = var.engine

  tasks = [
    {
      name       = "load"
      notebook   = { home = "report/load.ipynb" }
      parameters = { day = "{{ run.date }}", since = "{{ run.previous_time }}", rows = "100" }
      retries    = { limit = 2, backoff = "30s" }
      timeout    = "30m"
    },
    {
      name       = "check"
      notebook   = { home = "report/check.ipynb" }
      parameters = { day = "{{ run.date }}" }
      depends_on = ["load"]
    },
    {
      name       = "publish"
      notebook   = { home = "report/publish.ipynb" }
      parameters = { day = "{{ run.date }}", run = "{{ run.id }}" }
      depends_on = ["load", "check"]
    },
  ]

  catch_up = { policy = "Latest" }
  overlap  = "Forbid"
  notify   = { webhooks = var.webhooks }
}

# When it will run, without asking the cluster.
output "next" {
  value = provider::atoll::cron_next(atoll_schedule.report.cron, atoll_schedule.report.time_zone, "2026-01-01T00:00:00Z", 3)
}
