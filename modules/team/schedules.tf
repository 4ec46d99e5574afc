locals {
  schedule_fields = {
    "owner"                           = { type = "text", required = true, pattern = "^\\S+$", say = "the user name of the person in whose name the notebooks run" }
    "description"                     = { type = "text", say = "a sentence or two, up to 1024 characters" }
    "profile"                         = { type = "text", required = true, pattern = local.name_ok, say = "a profile that the workspace allows" }
    "size"                            = { type = "text", pattern = local.name_ok, say = "a size of the profile" }
    "cron"                            = { type = "text", required = true, pattern = "^(@[a-z]+|\\S+( +\\S+){4})$", say = "minute, hour, day of the month, month and day of the week, such as \"30 6 * * 1-5\"" }
    "timeZone"                        = { type = "text", pattern = "^\\S+$", say = "the IANA name of a zone, such as Europe/Amsterdam" }
    "start"                           = { type = "text", pattern = local.moment, say = "a time such as 2026-01-01T00:00:00Z" }
    "end"                             = { type = "text", pattern = local.moment, say = "a time such as 2027-01-01T00:00:00Z" }
    "tasks"                           = { type = "objects", required = true, say = "a list of notebooks, each with name and notebook" }
    "tasks[].name"                    = { type = "text", required = true, pattern = local.name_ok, say = "1 to 40 lower-case letters, digits and hyphens" }
    "tasks[].notebook"                = { type = "object", required = true, say = "one of home, git and object" }
    "tasks[].notebook.home"           = { type = "text", pattern = "^[^/].*$", say = "a path in the owner's home, such as reports/daily.ipynb" }
    "tasks[].notebook.object"         = { type = "text", pattern = "^[^/].*$", say = "a key of the object store, such as reports/daily.ipynb" }
    "tasks[].notebook.git"            = { type = "object", say = "repository and path, and ref by choice" }
    "tasks[].notebook.git.repository" = { type = "text", required = true, pattern = "^https?://[^\\s@]+$", say = "an https URL without a user or password" }
    "tasks[].notebook.git.ref"        = { type = "text", pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$", say = "a branch, a tag or a commit" }
    "tasks[].notebook.git.path"       = { type = "text", required = true, pattern = "^[^/].*$", say = "the path of the notebook in the repository" }
    "tasks[].parameters"              = { type = "map", say = "parameters of the notebook and their values; no secrets" }
    "tasks[].dependsOn"               = { type = "texts", say = "a list of names of tasks that come before" }
    "tasks[].size"                    = { type = "text", pattern = local.name_ok, say = "a size of the profile" }
    "tasks[].timeout"                 = { type = "text", pattern = local.duration, say = "the longest time of one attempt, such as 1h" }
    "tasks[].retries"                 = { type = "object", say = "limit, and backoff and maxBackoff by choice" }
    "tasks[].retries.limit"           = { type = "number", pattern = "^([0-9]|10)$", say = "how often it is tried again, 0 to 10" }
    "tasks[].retries.backoff"         = { type = "text", pattern = local.duration, say = "the pause before the first retry, such as 30s" }
    "tasks[].retries.maxBackoff"      = { type = "text", pattern = local.duration, say = "the longest pause, such as 10m" }
    "catchUp"                         = { type = "object", say = "policy, and limit by choice" }
    "catchUp.policy"                  = { type = "text", pattern = "^(None|Latest|All)$", say = "None, Latest or All" }
    "catchUp.limit"                   = { type = "number", pattern = "^([1-9][0-9]?|100)$", say = "how many missed runs are looked at, 1 to 100" }
    "overlap"                         = { type = "text", pattern = "^(Forbid|Allow|Replace)$", say = "Forbid, Allow or Replace" }
    "startDeadline"                   = { type = "text", pattern = local.duration, say = "how long a task may wait for its place, such as 1h" }
    "output"                          = { type = "object", say = "prefix" }
    "output.prefix"                   = { type = "text", pattern = "^[A-Za-z0-9_/-]*$", say = "names of letters, digits, '-' and '_' with slashes between them" }
    "notify"                          = { type = "object", say = "webhooks, mail and digest" }
    "notify.webhooks"                 = { type = "texts", pattern = "^[A-Za-z0-9._-]+$", say = "a list of names of webhooks, not their URLs" }
    "notify.mail"                     = { type = "texts", pattern = "^[^\\s@]+@[^\\s@]+$", say = "a list of addresses such as ada@example.com" }
    "notify.digest"                   = { type = "text", pattern = "^(Daily|None)$", say = "Daily or None" }
    "historyLimit"                    = { type = "number", pattern = "^([1-9][0-9]?|100)$", say = "how many finished runs are kept, 1 to 100" }
    "suspend"                         = { type = "boolean", say = "true to start no more runs" }
    "engine"                          = { type = "text", pattern = "^(Kubernetes|Airflow)$", say = "Kubernetes or Airflow" }
  }

  moment = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$"

  # By its place in the folder: the schedule's workspace, name and document.
  schedules = { for key in local.names.schedules : key => {
    workspace = split("/", key)[0]
    name      = split("/", key)[1]
    document  = module.schedule_file[key].document
  } }

  # By schedule: what it names that is nowhere, in words.
  schedule_strangers = { for key, s in local.schedules : key => compact([
    contains(local.known_workspaces, s.workspace) ? "" :
    "there is no workspace ${s.workspace}; there are ${join(", ", local.known_workspaces)}",
    try(contains(module.workspace_file[s.workspace].document.profiles, s.document.profile), true) ? "" :
    "profile: workspaces/${s.workspace}.yaml does not allow ${try(s.document.profile, "")}; it allows ${try(join(", ", module.workspace_file[s.workspace].document.profiles), "none")}",
  ]) }
}

module "schedule_file" {
  source   = "./check"
  for_each = local.names.schedules

  file   = "schedules/${each.key}.yaml"
  text   = file("${var.folder}/schedules/${each.key}.yaml")
  fields = local.schedule_fields
}

resource "atoll_schedule" "this" {
  for_each = local.schedules

  workspace      = try(atoll_workspace.this[each.value.workspace].name, each.value.workspace)
  name           = each.value.name
  owner          = each.value.document.owner
  description    = try(each.value.document.description, null)
  profile        = each.value.document.profile
  size           = try(each.value.document.size, null)
  cron           = each.value.document.cron
  time_zone      = try(each.value.document.timeZone, null)
  start          = try(each.value.document.start, null)
  end            = try(each.value.document.end, null)
  overlap        = try(each.value.document.overlap, null)
  start_deadline = try(each.value.document.startDeadline, null)
  history_limit  = try(each.value.document.historyLimit, null)
  suspend        = try(each.value.document.suspend, null)
  engine         = try(each.value.document.engine, null)

  tasks = [for task in each.value.document.tasks : {
    name = task.name
    notebook = {
      home   = try(task.notebook.home, null)
      object = try(task.notebook.object, null)
      git = can(task.notebook.git) ? {
        repository = task.notebook.git.repository
        ref        = try(task.notebook.git.ref, null)
        path       = task.notebook.git.path
      } : null
    }
    parameters = try(task.parameters, null)
    depends_on = try(task.dependsOn, null)
    size       = try(task.size, null)
    timeout    = try(task.timeout, null)
    retries = can(task.retries) ? {
      limit       = try(task.retries.limit, null)
      backoff     = try(task.retries.backoff, null)
      max_backoff = try(task.retries.maxBackoff, null)
    } : null
  }]

  catch_up = can(each.value.document.catchUp) ? {
    policy = try(each.value.document.catchUp.policy, null)
    limit  = try(each.value.document.catchUp.limit, null)
  } : null

  output = can(each.value.document.output) ? { prefix = try(each.value.document.output.prefix, null) } : null

  notify = can(each.value.document.notify) ? {
    webhooks = try(each.value.document.notify.webhooks, null)
    mail     = try(each.value.document.notify.mail, null)
    digest   = try(each.value.document.notify.digest, null)
  } : null

  lifecycle {
    precondition {
      condition     = length(module.schedule_file[each.key].problems) == 0
      error_message = join("\n", concat(module.schedule_file[each.key].problems, ["Nothing is changed before the file is mended."]))
    }
    precondition {
      condition     = can(regex(local.name_ok, each.value.name))
      error_message = "schedules/${each.key}.yaml: ${local.name_rule}."
    }
    precondition {
      condition     = length(local.schedule_strangers[each.key]) == 0
      error_message = join("\n", [for words in local.schedule_strangers[each.key] : "schedules/${each.key}.yaml: ${words}."])
    }
  }
}
