{{/*
atoll.foundation.priorityclass: the priority of every pod of the subcluster.
*/}}
{{- define "atoll.foundation.priorityclass" -}}
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata:
  name: {{ include "atoll.priorityClass" . }}
  labels:
    {{- include "atoll.labels" . | nindent 4 }}
description: Pods of the {{ include "atoll.subcluster" . }} subcluster of Atoll.
value: {{ int64 .Values.priority.value }}
preemptionPolicy: {{ .Values.priority.preemptionPolicy }}
{{- end }}
