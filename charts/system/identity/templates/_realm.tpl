{{/*
identity.realmName: the last part of the issuer's address.
Takes the root context.
*/}}
{{- define "identity.realmName" -}}
{{- $issuer := .Values.global.oidc.issuer | trimSuffix "/" -}}
{{- if not (regexMatch "^https?://[^/]+(/[^?#]*)?/realms/[A-Za-z0-9._-]+$" $issuer) -}}
{{- fail (printf "global.oidc.issuer is %q: Keycloak's issuers look like https://host/realms/name; set one, or leave the component identity out and use another provider" $issuer) -}}
{{- end -}}
{{- base $issuer -}}
{{- end }}

{{/*
identity.hostname: the issuer's address up to /realms, which Keycloak puts before every address it gives out.
Takes the root context.
*/}}
{{- define "identity.hostname" -}}
{{- regexReplaceAll "/realms/[^/]+/?$" .Values.global.oidc.issuer "" -}}
{{- end }}

{{/*
identity.secrets: the environment that fills the placeholders of the realm.
Takes the root context.
*/}}
{{- define "identity.secrets" -}}
- name: KC_BOOTSTRAP_ADMIN_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ .Values.adminSecret }}
      key: username
- name: KC_BOOTSTRAP_ADMIN_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.adminSecret }}
      key: password
- name: ATOLL_CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .Values.global.oidc.clientSecretRef.name }}
      key: {{ .Values.global.oidc.clientSecretRef.key }}
{{- range $i, $person := .Values.realm.people }}
- name: ATOLL_PASSWORD_{{ $i }}
  valueFrom:
    secretKeyRef:
      name: {{ $.Values.realm.peopleSecret }}
      key: {{ $person.name }}
{{- end }}
{{- end }}

{{/*
identity.client: the hub at the provider: authorization code flow with PKCE and nothing else.
Takes the root context.
*/}}
{{- define "identity.client" -}}
{{- $oidc := .Values.global.oidc -}}
{{- $hub := .Values.global.hub.url | trimSuffix "/" -}}
clientId: {{ $oidc.clientID }}
name: Hub
baseUrl: {{ $hub }}
protocol: openid-connect
publicClient: false
secret: ${ATOLL_CLIENT_SECRET}
standardFlowEnabled: true
implicitFlowEnabled: false
directAccessGrantsEnabled: false
serviceAccountsEnabled: false
fullScopeAllowed: false
redirectUris:
  - {{ $hub }}/hub/oauth_callback
attributes:
  pkce.code.challenge.method: S256
  post.logout.redirect.uris: {{ $hub }}/*
protocolMappers:
  - name: groups
    protocol: openid-connect
    protocolMapper: oidc-group-membership-mapper
    config:
      full.path: "false"
      claim.name: {{ $oidc.groupsClaim }}
      id.token.claim: "true"
      access.token.claim: "true"
      userinfo.token.claim: "true"
{{- end }}

{{/*
identity.profile: what Keycloak knows about a person. Names are not asked for: the claim is the user name.
*/}}
{{- define "identity.profile" -}}
attributes:
  - name: username
    permissions: {view: [admin, user], edit: [admin]}
  - name: email
    required: {roles: [user]}
    validations: {email: {}}
    permissions: {view: [admin, user], edit: [admin]}
  - name: firstName
    permissions: {view: [admin, user], edit: [admin, user]}
  - name: lastName
    permissions: {view: [admin, user], edit: [admin, user]}
{{- end }}

{{/*
identity.realm: the realm as Keycloak imports it, as YAML. Every secret is a placeholder that Keycloak fills from its
environment.
Takes the root context.
*/}}
{{- define "identity.realm" -}}
{{- $groups := list -}}
{{- range .Values.realm.people }}{{ $groups = concat $groups (.groups | default list) }}{{ end -}}
realm: {{ include "identity.realmName" . }}
displayName: {{ .Values.realm.displayName | quote }}
enabled: true
sslRequired: {{ hasPrefix "https://" .Values.global.oidc.issuer | ternary "external" "none" }}
registrationAllowed: false
bruteForceProtected: true
groups:
  {{- range $groups | uniq | sortAlpha }}
  - name: {{ . | quote }}
  {{- else }} []
  {{- end }}
clients:
  - {{- include "identity.client" . | nindent 4 }}
users:
  {{- range $i, $person := .Values.realm.people }}
  - username: {{ $person.name | quote }}
    email: {{ $person.email | quote }}
    emailVerified: true
    enabled: true
    groups:
      {{- range $person.groups }}
      - /{{ . }}
      {{- else }} []
      {{- end }}
    credentials:
      - type: password
        value: ${ATOLL_PASSWORD_{{ $i }}}
        temporary: false
  {{- else }} []
  {{- end }}
components:
  org.keycloak.userprofile.UserProfileProvider:
    - providerId: declarative-user-profile
      config:
        kc.user.profile.config:
          - {{ include "identity.profile" . | fromYaml | toJson | quote }}
{{- end }}
