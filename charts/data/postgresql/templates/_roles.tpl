{{/*
postgresql.roles: the roles of all databases, each once, as a JSON list.
Takes the root context.
*/}}
{{- define "postgresql.roles" -}}
{{- $roles := list -}}
{{- range .Values.databases -}}
{{- $roles = concat $roles .roles -}}
{{- end -}}
{{- $roles | uniq | toJson -}}
{{- end }}
