{{/*
hub.labels and proxy.labels: every label of one of the two workloads. Take the root context.
*/}}
{{- define "hub.labels" -}}
{{ include "atoll.componentLabels" (dict "root" . "component" "hub") }}
{{- end }}

{{- define "proxy.labels" -}}
{{ include "atoll.componentLabels" (dict "root" . "component" "proxy") }}
{{- end }}

{{/*
hub.selectorLabels and proxy.selectorLabels: what selects the pods of one of the two. Take the root context.
*/}}
{{- define "hub.selectorLabels" -}}
{{ include "atoll.componentSelectorLabels" (dict "root" . "component" "hub") }}
{{- end }}

{{- define "proxy.selectorLabels" -}}
{{ include "atoll.componentSelectorLabels" (dict "root" . "component" "proxy") }}
{{- end }}

{{/*
hub.issuerPort: the port at which the identity provider is reached. Takes the root context.
*/}}
{{- define "hub.issuerPort" -}}
{{- $url := urlParse .Values.global.oidc.issuer -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end }}

{{/*
hub.notebooks: a network policy's peer for people's servers in every workspace.
*/}}
{{- define "hub.notebooks" -}}
- namespaceSelector:
    matchExpressions:
      - key: atoll.dev/workspace
        operator: Exists
  podSelector:
    matchLabels:
      atoll.dev/component: notebook
{{- end }}
