{{/*
atoll.foundation.networkpolicy: nothing comes in and nothing but name resolution goes out, until a component's own
policy opens a hole.
*/}}
{{- define "atoll.foundation.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "atoll.labels" . | nindent 4 }}
spec:
  podSelector: {}
  policyTypes:
    - Ingress
    - Egress
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-dns
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "atoll.labels" . | nindent 4 }}
spec:
  podSelector: {}
  policyTypes:
    - Egress
  egress:
    {{- include "atoll.networkPolicy.dns" . | nindent 4 }}
{{- end }}
