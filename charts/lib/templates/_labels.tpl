{{/*
atoll.subcluster: the subcluster a chart belongs to. The chart states it in its annotation atoll.dev/subcluster;
without one it is read from the release's namespace, atoll-<subcluster>.
Takes the root context.
*/}}
{{- define "atoll.subcluster" -}}
{{- index (.Chart.Annotations | default dict) "atoll.dev/subcluster" | default (trimPrefix "atoll-" .Release.Namespace) -}}
{{- end }}

{{/*
atoll.selectorLabels: the stable subset of the labels, fit for a selector that must never change.
Takes the root context.
*/}}
{{- define "atoll.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/*
atoll.componentSelectorLabels: the selector of one workload of a chart that has several.
Takes (dict "root" . "component" "proxy").
*/}}
{{- define "atoll.componentSelectorLabels" -}}
{{ include "atoll.selectorLabels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/*
atoll.componentLabels: every label of one workload of a chart that has several.
Takes (dict "root" . "component" "proxy").
*/}}
{{- define "atoll.componentLabels" -}}
{{ include "atoll.componentSelectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | default .root.Chart.Version | replace "+" "_" | quote }}
app.kubernetes.io/part-of: atoll
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
atoll.dev/subcluster: {{ include "atoll.subcluster" .root }}
atoll.dev/component: {{ .component }}
{{- end }}

{{/*
atoll.labels: every label of an object of a chart; the component is the chart's name.
Takes the root context.
*/}}
{{- define "atoll.labels" -}}
{{ include "atoll.componentLabels" (dict "root" . "component" .Chart.Name) }}
{{- end }}
