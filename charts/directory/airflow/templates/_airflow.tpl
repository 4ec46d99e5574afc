{{/*
airflow.labels: every label of one workload. Takes (dict "root" . "component" "scheduler").
*/}}
{{- define "airflow.labels" -}}
{{ include "atoll.componentLabels" . }}
{{- end }}

{{/*
airflow.replicas: two of what may be there twice, where the platform is to be available. Takes the root context.
*/}}
{{- define "airflow.replicas" -}}
{{ ternary 2 1 .Values.global.highAvailability }}
{{- end }}

{{/*
airflow.command: how a part of Airflow begins.
*/}}
{{- define "airflow.command" -}}
- python3
- -m
- atoll_airflow.start
{{- end }}

{{/*
airflow.env: the settings of every part. Takes the root context.
*/}}
{{- define "airflow.env" -}}
- name: AIRFLOW__CORE__EXECUTOR
  value: KubernetesExecutor
- name: AIRFLOW__CORE__PARALLELISM
  value: {{ .Values.tasks.parallelism | quote }}
- name: AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG
  value: {{ .Values.tasks.parallelism | quote }}
- name: AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION
  value: "False"
# The operator alone signs in; nobody else reaches the API server, see the network policy.
- name: AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS
  value: operator:user
- name: AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE
  value: {{ .Values.tasks.namespace }}
- name: AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE
  value: /etc/airflow/task.yaml
- name: AIRFLOW__KUBERNETES_EXECUTOR__DELETE_WORKER_PODS_ON_FAILURE
  value: "True"
- name: AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE
  value: "16"
- name: AIRFLOW__METRICS__STATSD_ON
  value: "True"
- name: AIRFLOW__METRICS__STATSD_HOST
  value: 127.0.0.1
# Metrics whose names have no schedule in them: there are as many of the others as schedules.
- name: AIRFLOW__METRICS__METRICS_ALLOW_LIST
  value: {{ "scheduler\\.,scheduler_heartbeat$,executor\\.,pool\\.,dag_processing\\.(total_parse_time|import_errors|file_path_queue_size|processes|processor_timeouts)$,ti_(failures|successes)$" | squote }}
- name: ATOLL_SECRETS
  value: /etc/airflow-secrets
- name: ATOLL_DATABASE_ACCOUNT
  value: /etc/airflow-database
- name: ATOLL_DATABASE_HOST
  value: {{ .Values.database.host }}
- name: ATOLL_DATABASE_PORT
  value: {{ .Values.database.port | quote }}
- name: ATOLL_DATABASE_NAME
  value: {{ .Values.database.name }}
- name: ATOLL_DATABASE_SSLMODE
  value: {{ .Values.database.sslMode }}
{{ include "airflow.env.dags" . }}
{{- end }}

{{/*
airflow.env.dags: the settings that the pods of tasks have too, who know no secret of Airflow's. Takes the root context.
*/}}
{{- define "airflow.env.dags" -}}
- name: AIRFLOW__CORE__LOAD_EXAMPLES
  value: "False"
- name: AIRFLOW__CORE__EXECUTION_API_SERVER_URL
  value: http://{{ .Release.Name }}.{{ .Release.Namespace }}:8080/execution/
# An API server that is busy is waited for: a task that gives up costs another pod.
- name: AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT
  value: "30"
- name: AIRFLOW__WORKERS__EXECUTION_API_RETRIES
  value: "10"
- name: AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH
  value: /tmp/airflow/bundles
- name: AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST
  value: '[{"name": "schedules", "classpath": "atoll_airflow.bundle.ScheduleBundle", "kwargs": {"refresh_interval": {{ .Values.dagProcessor.refreshSeconds }}}}]'
- name: AIRFLOW__USAGE_DATA_COLLECTION__ENABLED
  value: "False"
{{- end }}

{{/*
airflow.mounts and airflow.volumes: the secrets, the shape of a task's pod, and room to write.
*/}}
{{- define "airflow.mounts" -}}
- name: secrets
  mountPath: /etc/airflow-secrets
  readOnly: true
- name: database
  mountPath: /etc/airflow-database
  readOnly: true
- name: config
  mountPath: /etc/airflow
  readOnly: true
- name: scratch
  mountPath: /tmp
{{- end }}

{{- define "airflow.volumes" -}}
- name: secrets
  secret:
    secretName: {{ .Values.secret }}
- name: database
  secret:
    secretName: {{ .Values.database.accountSecret }}
- name: config
  configMap:
    name: {{ .Release.Name }}
- name: scratch
  emptyDir:
    sizeLimit: 1Gi
{{- end }}

{{/*
airflow.migrated: an init container that waits until the database is as this version of Airflow needs it; the
scheduler's makes it so. Takes (dict "root" . "args" (list "db" "migrate") "name" "migrate").
*/}}
{{- define "airflow.migrated" -}}
- name: {{ .name }}
  image: {{ include "atoll.image" (dict "root" .root "name" "airflow") }}
  imagePullPolicy: IfNotPresent
  command:
    {{- include "airflow.command" . | nindent 4 }}
  args:
    {{- toYaml .args | nindent 4 }}
  env:
    {{- include "airflow.env" .root | nindent 4 }}
  resources:
    {{- toYaml .root.Values.scheduler.resources | nindent 4 }}
  securityContext:
    {{- include "atoll.containerSecurityContext" .root | nindent 4 }}
  volumeMounts:
    {{- include "airflow.mounts" .root | nindent 4 }}
{{- end }}

{{/*
airflow.exporter: Airflow can only push its metrics; this turns them into what Prometheus reads. Takes the root context.
*/}}
{{- define "airflow.exporter" -}}
- name: exporter
  image: {{ include "atoll.image" (dict "root" . "name" "objectstore") }}
  imagePullPolicy: IfNotPresent
  command:
    - /usr/local/bin/statsd_exporter
  args:
    - --statsd.listen-udp=127.0.0.1:8125
    - --statsd.listen-tcp=
    - --web.listen-address=:9102
  ports:
    - name: metrics
      containerPort: 9102
  readinessProbe:
    httpGet:
      path: /-/ready
      port: metrics
    periodSeconds: 10
  livenessProbe:
    httpGet:
      path: /-/healthy
      port: metrics
    periodSeconds: 20
  resources:
    {{- toYaml .Values.exporter.resources | nindent 4 }}
  securityContext:
    {{- include "atoll.containerSecurityContext" . | nindent 4 }}
{{- end }}
