{{/*
atoll.foundation.quota: the ceiling of the subcluster, and a second quota that admits no pod with the priority class
of somebody else. A pod that names no class is not matched by the second.
*/}}
{{- define "atoll.foundation.quota" -}}
{{- $priority := include "atoll.priorityClass" . -}}
apiVersion: v1
kind: ResourceQuota
metadata:
  name: foundation
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "atoll.labels" . | nindent 4 }}
spec:
  hard:
    {{- range $resource, $most := .Values.quota.hard }}
    {{ $resource }}: {{ $most | quote }}
    {{- end }}
---
apiVersion: v1
kind: ResourceQuota
metadata:
  name: no-priority-but-{{ $priority }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "atoll.labels" . | nindent 4 }}
spec:
  hard:
    pods: "0"
  scopeSelector:
    matchExpressions:
      - scopeName: PriorityClass
        operator: Exists
      - scopeName: PriorityClass
        operator: NotIn
        values:
          - {{ $priority }}
{{- end }}
