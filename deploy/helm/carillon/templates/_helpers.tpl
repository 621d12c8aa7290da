{{- define "carillon.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "carillon.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "carillon.labels" -}}
{{ include "carillon.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "carillon.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The Secret with the database's URL, and its key. */}}
{{- define "carillon.databaseSecret" -}}
{{ .Values.database.existingSecret | default (printf "%s-database" (include "carillon.name" .)) }}
{{- end }}
{{- define "carillon.databaseKey" -}}
{{ if .Values.database.existingSecret }}{{ .Values.database.secretKey }}{{ else }}uri{{ end }}
{{- end }}

{{- define "carillon.containerSecurity" -}}
runAsUser: 10001
runAsGroup: 10001
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "carillon.podSecurity" -}}
{{/* No runAsUser here: Dapr's sidecar would inherit it, and it has its own. */ -}}
runAsNonRoot: true
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "carillon.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who signs the database's certificate: a volume, and where every container that goes there has it. */}}
{{- define "carillon.databaseVolume" -}}
{{- with .Values.database.ca }}
{{- if .existingSecret }}
- name: database
  secret: {secretName: {{ .existingSecret }}, defaultMode: 0444, items: [{key: {{ .secretKey }}, path: ca.crt}]}
{{- end }}
{{- end }}
{{- end }}
{{- define "carillon.databaseMount" -}}
{{- if .Values.database.ca.existingSecret }}
- {name: database, mountPath: /run/secrets/database, readOnly: true}
{{- end }}
{{- end }}

{{/* Settings that every command needs: the database, and the log's key. */}}
{{- define "carillon.commandEnv" -}}
- name: CARILLON_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ include "carillon.databaseSecret" . }}, key: {{ include "carillon.databaseKey" . }}}}
- {name: CARILLON_DATABASE_READERS, value: {{ .Values.database.connections | quote }}}
{{- if .Values.audit.existingSecret }}
- {name: CARILLON_AUDIT_KEY_FILE, value: /run/secrets/carillon/audit-key}
{{- end }}
{{- end }}

{{- define "carillon.serveEnv" -}}
{{ include "carillon.commandEnv" . }}
- {name: CARILLON_LISTEN, value: "0.0.0.0:8080"}
- {name: CARILLON_MANAGEMENT_LISTEN, value: "0.0.0.0:9090"}
- {name: CARILLON_PUBLIC_URL, value: {{ .Values.publicUrl | default "http://localhost:8080" | quote }}}
- {name: CARILLON_SHUTDOWN_SECONDS, value: {{ .Values.shutdownSeconds | quote }}}
- {name: CARILLON_EVENT_BUS, value: {{ .Values.eventBus }}}
{{- if eq .Values.eventBus "dapr" }}
- {name: CARILLON_SCHEDULER, value: dapr}
- {name: CARILLON_STATE_COMPONENT, value: statestore-postgres}
- {name: CARILLON_SIDECAR_LISTEN, value: "127.0.0.1:8081"}
- {name: APP_API_TOKEN_FILE, value: /run/secrets/carillon/app-api-token}
- {name: DAPR_API_TOKEN_FILE, value: /run/secrets/carillon/dapr-api-token}
{{- else }}
- {name: CARILLON_KAFKA_BROKERS, value: {{ .Values.kafka.brokers | quote }}}
- {name: CARILLON_KAFKA_SECURITY_PROTOCOL, value: {{ printf "%s%s" (ternary "sasl_" "" (ne .Values.kafka.sasl.mechanism "")) (ternary "ssl" "plaintext" .Values.kafka.tls) }}}
{{- with .Values.kafka.sasl }}
{{- if .mechanism }}
- {name: CARILLON_KAFKA_SASL_MECHANISM, value: {{ .mechanism }}}
- {name: CARILLON_KAFKA_USERNAME, value: {{ .username | quote }}}
- {name: CARILLON_KAFKA_PASSWORD_FILE, value: /run/secrets/carillon/kafka-password}
{{- end }}
{{- end }}
{{- if .Values.kafka.ca.existingSecret }}
- {name: CARILLON_KAFKA_CA_FILE, value: /run/secrets/carillon/kafka-ca}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.config }}
- {name: CARILLON_{{ upper $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}

{{/* Secrets that come as files. */}}
{{- define "carillon.secretSources" -}}
{{- with .Values.audit.existingSecret }}
- secret: {name: {{ . }}, items: [{key: audit-key, path: audit-key}]}
{{- end }}
{{- end }}

{{/* What the pod of a command mounts, and its volumes; the caller indents them. */}}
{{- define "carillon.commandMounts" -}}
{{- if .Values.audit.existingSecret }}
- {name: secrets, mountPath: /run/secrets/carillon, readOnly: true}
{{- end }}
{{- include "carillon.databaseMount" . }}
{{- end }}
{{- define "carillon.commandVolumes" -}}
{{- with include "carillon.secretSources" . | trim }}
- name: secrets
  projected:
    defaultMode: 0440
    sources: {{- . | nindent 6 }}
{{- end }}
{{- include "carillon.databaseVolume" . }}
{{- end }}

{{- define "carillon.serveSecretSources" -}}
{{ include "carillon.secretSources" . }}
{{- if eq .Values.eventBus "dapr" }}
- secret: {name: {{ include "carillon.name" . }}-app-token, items: [{key: token, path: app-api-token}]}
- secret: {name: {{ include "carillon.name" . }}-api-token, items: [{key: token, path: dapr-api-token}]}
{{- else }}
{{- with .Values.kafka.sasl }}
{{- if .mechanism }}
- secret: {name: {{ .existingSecret }}, items: [{key: {{ .secretKey }}, path: kafka-password}]}
{{- end }}
{{- end }}
{{- with .Values.kafka.ca }}
{{- if .existingSecret }}
- secret: {name: {{ .existingSecret }}, items: [{key: {{ .secretKey }}, path: kafka-ca}]}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
