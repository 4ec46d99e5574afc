{{/*
identity.replicas: two where high availability is asked for and the database can be shared; one otherwise.
Takes the root context.
*/}}
{{- define "identity.replicas" -}}
{{- and .Values.global.highAvailability (eq .Values.database.type "Postgres") | ternary 2 1 -}}
{{- end }}

{{/*
identity.database: the environment that tells Keycloak about its database, and whether it shares it.
Takes the root context.
*/}}
{{- define "identity.database" -}}
{{- if eq .Values.database.type "Embedded" -}}
- name: KC_CACHE
  value: local
{{- else -}}
- name: KC_CACHE
  value: ispn
- name: KC_DB
  value: postgres
- name: KC_DB_URL
  value: {{ .Values.database.postgres.url | quote }}
- name: KC_DB_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.postgres.secret }}
      key: username
- name: KC_DB_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.postgres.secret }}
      key: password
{{- end }}
{{- end }}

{{/*
identity.clusterPorts: where replicas tell each other of sessions, and find out that one is gone.
*/}}
{{- define "identity.clusterPorts" -}}
ports:
  - protocol: TCP
    port: 7800
  - protocol: TCP
    port: 57800
{{- end }}
