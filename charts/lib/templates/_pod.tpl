{{/*
atoll.image: the reference of one of the platform's images, <global.registry>/<name>:<global.version>.
Takes (dict "root" . "name" "hub").
*/}}
{{- define "atoll.image" -}}
{{ .root.Values.global.registry | trimSuffix "/" }}/{{ .name }}:{{ .root.Values.global.version }}
{{- end }}

{{/*
atoll.priorityClass: the name of the priority class of the chart's subcluster.
Takes the root context.
*/}}
{{- define "atoll.priorityClass" -}}
atoll-{{ include "atoll.subcluster" . }}
{{- end }}

{{/*
atoll.placement: nodeSelector and tolerations that hold a pod on its subcluster's nodes where global.placement is
Required; nothing where it is Relaxed.
Takes (dict "root" . "subcluster" "application").
*/}}
{{- define "atoll.placement" -}}
{{- if eq .root.Values.global.placement "Required" -}}
nodeSelector:
  atoll.dev/subcluster: {{ .subcluster }}
tolerations:
  - key: atoll.dev/subcluster
    operator: Equal
    value: {{ .subcluster }}
    effect: NoSchedule
{{- end }}
{{- end }}

{{/*
atoll.spread: topologySpreadConstraints that keep the replicas of a workload on different nodes and zones where
global.highAvailability is true; nothing otherwise.
Takes (dict "root" . "selector" <labels as YAML text>).
*/}}
{{- define "atoll.spread" -}}
{{- if .root.Values.global.highAvailability -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $.selector | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/*
atoll.podSecurityContext: the pod half of what the restricted pod security standard asks for. The group is the user's
id unless "gid" says otherwise.
Takes (dict "uid" 10001).
*/}}
{{- define "atoll.podSecurityContext" -}}
{{- $gid := .gid | default .uid -}}
runAsNonRoot: true
runAsUser: {{ .uid }}
runAsGroup: {{ $gid }}
fsGroup: {{ $gid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/*
atoll.containerSecurityContext: the container half.
Takes the root context.
*/}}
{{- define "atoll.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}

{{/*
atoll.metricsAnnotations: the pod annotations by which Prometheus finds a scrape target.
Takes (dict "port" 8080 "path" "/metrics"); the path defaults to /metrics.
*/}}
{{- define "atoll.metricsAnnotations" -}}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .port | quote }}
prometheus.io/path: {{ .path | default "/metrics" | quote }}
{{- end }}
