{{/*
operator.leases: the services of AWS that hand data out, as the paths of leases and the profiles of AWS' SDKs name them.
*/}}
{{- define "operator.leases" -}}
{{- with .Values.aws }}
{{- if .clusterARN }}
{{- if .lakeFormationCatalog }}tables {{ end }}
{{- if .accessGrantsBucket }}objects{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
operator.gives: something where people's servers and runs are given keys or told of leases.
*/}}
{{- define "operator.gives" -}}
{{- if or .Values.credentials.enabled (include "operator.leases" .) }}true{{ end }}
{{- end }}
