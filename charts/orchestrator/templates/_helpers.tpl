{{- define "orchestrator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "orchestrator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "orchestrator.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "orchestrator.selector" -}}
app.kubernetes.io/name: {{ include "orchestrator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "orchestrator.labels" -}}
{{ include "orchestrator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: orchestrator
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "orchestrator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "orchestrator.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "orchestrator.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name is missing: it is needed when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* A reference to a value that is in an existing Secret or in the chart's own: root, existing, key of ours. */}}
{{- define "orchestrator.secretRef" -}}
secretKeyRef:
  name: {{ .existing.name | default (include "orchestrator.fullname" .root) }}
  key: {{ ternary .existing.key .key (ne .existing.name "") }}
{{- end -}}

{{- define "orchestrator.tlsSecret" -}}
{{- .Values.tls.secretName | default (printf "%s-tls" (include "orchestrator.fullname" .)) -}}
{{- end -}}

{{- define "orchestrator.channelsConfigMap" -}}
{{- .Values.existingChannelsConfigMap | default (printf "%s-channels" (include "orchestrator.fullname" .)) -}}
{{- end -}}

{{- define "orchestrator.keepsCheckpoint" -}}
{{- if and (eq .Values.mode "distributed") .Values.broker.enabled }}true{{ end -}}
{{- end -}}

{{/* What every pod of the chart has in common. */}}
{{- define "orchestrator.podCommon" -}}
serviceAccountName: {{ include "orchestrator.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The environment that the server and its commands share. Listed names are refused in `settings`. */}}
{{- define "orchestrator.tlsEnv" -}}
- name: ORCHESTRATOR_TLS_ENABLED
  value: {{ .Values.tls.enabled | quote }}
{{- if .Values.tls.enabled }}
- name: ORCHESTRATOR_TLS_CERT_PATH
  value: /etc/orchestrator/tls/tls.crt
- name: ORCHESTRATOR_TLS_KEY_PATH
  value: /etc/orchestrator/tls/tls.key
{{- with .Values.tls.caKey }}
- name: ORCHESTRATOR_TLS_SERVER_CA_CERT
  value: /etc/orchestrator/tls/{{ . }}
{{- end }}
{{- with .Values.tls.clientCertificates }}
{{- if .required }}
- name: ORCHESTRATOR_MTLS_ENABLED
  value: "true"
- name: ORCHESTRATOR_VERIFY_CLIENT_MSP_ID
  value: {{ .verifyMspId | quote }}
- name: ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR
  value: /etc/orchestrator/client-ca
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "orchestrator.databaseEnv" -}}
- name: ORCHESTRATOR_DATABASE_URL
  valueFrom: {{- include "orchestrator.secretRef" (dict "root" . "existing" .Values.database.existingSecret "key" "databaseUrl") | nindent 4 }}
{{- end -}}

{{- define "orchestrator.brokerEnv" -}}
- name: ORCHESTRATOR_AMQP_DSN
  valueFrom: {{- include "orchestrator.secretRef" (dict "root" . "existing" .Values.broker.existingSecret "key" "brokerUrl") | nindent 4 }}
- name: ORCHESTRATOR_AMQP_EXCHANGE
  value: {{ .Values.broker.exchange | quote }}
{{- end -}}

{{- define "orchestrator.fabricEnv" -}}
- name: ORCHESTRATOR_MSPID
  value: {{ .Values.fabric.mspid | quote }}
- name: ORCHESTRATOR_NETWORK_CONFIG
  value: /etc/orchestrator/fabric/network.yaml
- name: ORCHESTRATOR_FABRIC_CERT
  value: /etc/orchestrator/identity/{{ .Values.fabric.identity.certKey }}
- name: ORCHESTRATOR_FABRIC_KEY
  value: /etc/orchestrator/identity/{{ .Values.fabric.identity.keyKey }}
{{- if .Values.fabric.clientTls.secretName }}
- name: ORCHESTRATOR_FABRIC_TLS_CERT
  value: /etc/orchestrator/fabric-tls/{{ .Values.fabric.clientTls.certKey }}
- name: ORCHESTRATOR_FABRIC_TLS_KEY
  value: /etc/orchestrator/fabric-tls/{{ .Values.fabric.clientTls.keyKey }}
{{- end }}
- name: ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT
  value: {{ .Values.fabric.gatewayTimeout | quote }}
{{- end -}}

{{- define "orchestrator.serverEnv" -}}
- name: ORCHESTRATOR_MODE
  value: {{ .Values.mode }}
- name: ORCHESTRATOR_GRPC_ADDRESS
  value: 0.0.0.0:9000
- name: ORCHESTRATOR_HTTP_ADDRESS
  value: 0.0.0.0:8484
- name: ORCHESTRATOR_DATA_DIR
  value: /var/lib/orchestrator
- name: ORCHESTRATOR_CHANNEL_CONFIG
  value: /etc/orchestrator/channels/channels.yaml
- name: METRICS_ENABLED
  value: {{ .Values.metrics.enabled | quote }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
{{ include "orchestrator.tlsEnv" . }}
{{- if eq .Values.mode "standalone" }}
{{ include "orchestrator.databaseEnv" . }}
{{- else }}
{{ include "orchestrator.fabricEnv" . }}
{{- end }}
{{- if .Values.broker.enabled }}
{{ include "orchestrator.brokerEnv" . }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "orchestrator.tlsMounts" -}}
{{- if .Values.tls.enabled }}
- { name: tls, mountPath: /etc/orchestrator/tls, readOnly: true }
{{- if .Values.tls.clientCertificates.required }}
- { name: client-ca, mountPath: /etc/orchestrator/client-ca, readOnly: true }
{{- end }}
{{- end }}
{{- end -}}

{{- define "orchestrator.tlsVolumes" -}}
{{- if .Values.tls.enabled }}
- name: tls
  secret: { secretName: {{ include "orchestrator.tlsSecret" . }} }
{{- if .Values.tls.clientCertificates.required }}
# <MSPID>/<file>, as the server wants it.
- name: client-ca
  projected:
    sources:
      {{- range $mspid, $sources := .Values.tls.clientCertificates.caCertificates }}
      {{- range $index, $source := $sources }}
      - {{ ternary "configMap" "secret" (hasKey $source "configMap") }}:
          name: {{ $source.configMap | default $source.secret }}
          items: [{ key: {{ $source.key | quote }}, path: {{ printf "%s/%d-%s" $mspid $index $source.key | quote }} }]
      {{- end }}
      {{- end }}
{{- end }}
{{- end }}
{{- end -}}
