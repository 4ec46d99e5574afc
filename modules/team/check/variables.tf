variable "file" {
  description = "Name of the file, as messages show it."
  type        = string
}

variable "text" {
  description = "Content of the file."
  type        = string
}

variable "fields" {
  description = "What the file may hold, by path: type (text, quantity, number, boolean, map, texts, object or objects), whether it has to be there, a pattern for single values, and what to say when it is not as it should be. A path is written sizes[].cpu.limit, the [] standing for each of several."
  type = map(object({
    type     = string
    required = optional(bool, false)
    pattern  = optional(string, "")
    say      = string
  }))

  validation {
    condition     = alltrue([for f in values(var.fields) : contains(["text", "quantity", "number", "boolean", "map", "texts", "object", "objects"], f.type)])
    error_message = "fields: a type is text, quantity, number, boolean, map, texts, object or objects."
  }
}
