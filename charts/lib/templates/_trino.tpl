{{/*
atoll.trino.files: the files of a Trino server that coordinator and workers have alike, as entries of a ConfigMap.
Takes the root context.
*/}}
{{- define "atoll.trino.files" -}}
node.properties: |
  node.environment=atoll
  node.data-dir=/data
jvm.config: |
  -server
  -Xmx{{ .Values.heap }}
  -XX:+ExitOnOutOfMemoryError
  -XX:-OmitStackTraceInFastThrow
  -XX:+EnableDynamicAgentLoading
  -Djdk.attach.allowAttachSelf=true
  {{- range .Values.javaOptions }}
  {{ . }}
  {{- end }}
log.properties: |
  io.trino=INFO
  io.airlift=WARN
{{- end }}

{{/*
atoll.trino.catalogs: the files of the catalogs, as entries of a ConfigMap.
Takes the root context.
*/}}
{{- define "atoll.trino.catalogs" -}}
{{- range $name, $properties := .Values.catalogs }}
{{ $name }}.properties: |
  {{- $properties | nindent 2 }}
{{- end }}
{{- end }}

{{/*
atoll.trino.container: what the containers of coordinator and workers have alike.
Takes the root context.
*/}}
{{- define "atoll.trino.container" -}}
name: trino
image: {{ include "atoll.image" (dict "root" . "name" "trino") }}
imagePullPolicy: IfNotPresent
args:
  - run
  - --etc-dir=/etc/trino
env:
  - name: TRINO_INTERNAL_SECRET
    valueFrom:
      secretKeyRef:
        name: {{ .Values.internalSecret }}
        key: secret
  {{- with .Values.environment }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
# Until the access control is there, who asks for metrics is told to wait, and so is everybody with a query.
startupProbe:
  httpGet:
    path: /metrics
    port: http
  periodSeconds: 2
  timeoutSeconds: 10
  failureThreshold: 150
readinessProbe:
  httpGet:
    path: /v1/info/state
    port: http
  periodSeconds: 5
  timeoutSeconds: 5
livenessProbe:
  httpGet:
    path: /v1/info
    port: http
  periodSeconds: 20
  timeoutSeconds: 5
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- include "atoll.containerSecurityContext" . | nindent 2 }}
{{- end }}
