{{/*
objectstore.root: the environment that names the root account to the gateway and to the IAM service.
Takes the root context.
*/}}
{{- define "objectstore.root" -}}
- name: ROOT_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.rootSecret }}
      key: access-key
- name: ROOT_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.rootSecret }}
      key: secret-key
{{- end }}
