{{/*
atoll.foundation.limitrange: what a container that names no resources gets, so that the quota never refuses it, and
the most that one container may ask for.
*/}}
{{- define "atoll.foundation.limitrange" -}}
apiVersion: v1
kind: LimitRange
metadata:
  name: foundation
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "atoll.labels" . | nindent 4 }}
spec:
  limits:
    - type: Container
      defaultRequest:
        {{- toYaml .Values.limits.defaultRequest | nindent 8 }}
      default:
        {{- toYaml .Values.limits.default | nindent 8 }}
      {{- with .Values.limits.max }}
      max:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
