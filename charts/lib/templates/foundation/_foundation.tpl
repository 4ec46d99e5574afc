{{/*
atoll.foundation: what the namespace of a subcluster holds before its components come. The namespace itself, with its
pod security labels, is made by the installer, because a release needs it first.
Takes the root context; reads .Values.priority, .Values.quota and .Values.limits.
*/}}
{{- define "atoll.foundation" -}}
{{- range list "priorityclass" "limitrange" "quota" "networkpolicy" }}
---
{{ include (printf "atoll.foundation.%s" .) $ }}
{{- end }}
{{- end }}
