variable "folder" {
  description = "Folder of the team's YAML files, with a folder in it for each kind: profiles, workspaces, schedules with a folder for each workspace, datasets and grants. A file's name is the object's name."
  type        = string

  validation {
    condition     = length(fileset(var.folder, "*/*")) > 0
    error_message = "folder: it has no files. Put them in folders named after their kind, such as workspaces/fraud.yaml."
  }
}

variable "other_profiles" {
  description = "Names of profiles that are managed elsewhere and may be used by the workspaces here."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "other_workspaces" {
  description = "Names of workspaces that are managed elsewhere and may have schedules and grants here."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "other_datasets" {
  description = "Names of datasets that are managed elsewhere and may be granted or derived from here."
  type        = set(string)
  default     = []
  nullable    = false
}
