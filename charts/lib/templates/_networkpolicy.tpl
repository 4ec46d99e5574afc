{{/*
atoll.networkPolicy.dns: one egress rule to the cluster's DNS. It names no peer: a cluster's DNS may be a pod, a
node-local cache or a process of the host, and a pod selector matches only the first.
Takes the root context.
*/}}
{{- define "atoll.networkPolicy.dns" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end }}

{{/*
atoll.networkPolicy.apiserver: one egress rule to the Kubernetes API. It names no peer: the API server's address is
not known to a policy, and Services are resolved to it before a policy is evaluated.
Takes the root context.
*/}}
{{- define "atoll.networkPolicy.apiserver" -}}
- ports:
    - protocol: TCP
      port: 443
    - protocol: TCP
      port: 6443
{{- end }}

{{/*
atoll.networkPolicy.metrics: one ingress rule from Prometheus to a metrics port.
Takes (dict "port" 8080).
*/}}
{{- define "atoll.networkPolicy.metrics" -}}
- from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: atoll-system
      podSelector:
        matchLabels:
          app.kubernetes.io/name: metrics
  ports:
    - protocol: TCP
      port: {{ .port }}
{{- end }}
