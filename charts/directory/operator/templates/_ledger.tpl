{{/*
operator.ledger: the flags that say where the ledger is.
Takes the values of the ledger.
*/}}
{{- define "operator.ledger" -}}
- --ledger-host={{ .host }}
- --ledger-port={{ .port }}
- --ledger-database={{ .database }}
- --ledger-sslmode={{ .sslmode }}
- --ledger-credentials=/etc/atoll/ledger
{{- end }}
