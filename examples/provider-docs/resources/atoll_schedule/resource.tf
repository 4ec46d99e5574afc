resource "atoll_schedule" "report" {
  workspace = atoll_workspace.fraud.name
  name      = "report"
  owner     = "ada"
  profile   = atoll_profile.python.name
  cron      = "30 6 * * 1-5"
  time_zone = "Europe/Amsterdam"

  tasks = [
    {
      name       = "load"
      notebook   = { home = "report/load.ipynb" }
      parameters = { day = "{{ run.date }}", since = "{{ run.previous_time }}" }
      retries    = { limit = 2, backoff = "30s" }
      timeout    = "30m"
    },
    {
      name       = "publish"
      notebook   = { git = { repository = "https://git.example.com/team/reports.git", ref = "v3", path = "publish.ipynb" } }
      depends_on = ["load"]
    },
  ]

  catch_up = { policy = "All", limit = 5 }
  notify   = { webhooks = ["team"], mail = ["ada@example.com"] }
}
