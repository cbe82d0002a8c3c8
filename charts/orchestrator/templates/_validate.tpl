{{/* What no single value is wrong about: each problem a sentence, all of them at once. */}}
{{- define "orchestrator.validate" -}}
{{- $problems := list -}}
{{- if and (eq .Values.mode "standalone") (not .Values.database.url) (not .Values.database.existingSecret.name) -}}
{{- $problems = append $problems "standalone mode needs a PostgreSQL: set database.url or database.existingSecret.name" -}}
{{- end -}}
{{- if and .Values.database.url .Values.database.existingSecret.name -}}
{{- $problems = append $problems "database.url and database.existingSecret.name are both set: which one is meant?" -}}
{{- end -}}
{{- if and (not .Values.channels) (not .Values.existingChannelsConfigMap) -}}
{{- $problems = append $problems "there are no channels: set channels, as `mychannel: [MyOrg1MSP]`, or existingChannelsConfigMap" -}}
{{- end -}}
{{- if and .Values.channels .Values.existingChannelsConfigMap -}}
{{- $problems = append $problems "channels and existingChannelsConfigMap are both set: which one is meant?" -}}
{{- end -}}
{{- if .Values.broker.enabled -}}
{{- if and (not .Values.broker.url) (not .Values.broker.existingSecret.name) -}}
{{- $problems = append $problems "the broker needs an address: set broker.url or broker.existingSecret.name" -}}
{{- end -}}
{{- with .Values.broker.reconciler -}}
{{- if and .enabled (not .managementUrl) (not .existingSecret.name) -}}
{{- $problems = append $problems "the reconciler needs RabbitMQ's management API: set broker.reconciler.managementUrl or .existingSecret.name, or switch it off" -}}
{{- end -}}
{{- if and .passwords .existingPasswordsSecret -}}
{{- $problems = append $problems "broker.reconciler.passwords and .existingPasswordsSecret are both set: which one is meant?" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.mode "distributed" -}}
{{- if not .Values.fabric.mspid -}}
{{- $problems = append $problems "distributed mode needs fabric.mspid, the organization that the server speaks for" -}}
{{- end -}}
{{- if and (not .Values.fabric.network) (not .Values.fabric.existingNetworkConfigMap) -}}
{{- $problems = append $problems "distributed mode needs the network: set fabric.network or fabric.existingNetworkConfigMap" -}}
{{- end -}}
{{- if not .Values.fabric.identity.secretName -}}
{{- $problems = append $problems "distributed mode needs fabric.identity.secretName, the Secret with the organization's certificate and key" -}}
{{- end -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- if and (not .Values.tls.secretName) (not .Values.tls.certManager.enabled) -}}
{{- $problems = append $problems "TLS needs a certificate: set tls.secretName or tls.certManager.enabled" -}}
{{- end -}}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.certManager.issuerRef.name) -}}
{{- $problems = append $problems "cert-manager needs tls.certManager.issuerRef, as {name: my-issuer, kind: Issuer}" -}}
{{- end -}}
{{- if and .Values.tls.clientCertificates.required (not .Values.tls.clientCertificates.caCertificates) -}}
{{- $problems = append $problems "client certificates are required, but nobody's CA is known: set tls.clientCertificates.caCertificates" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $problems = append $problems "the Ingress has no host: set ingress.hosts" -}}
{{- end -}}
{{- range $name, $_ := .Values.settings -}}
{{- if has $name (list "ORCHESTRATOR_MODE" "ORCHESTRATOR_GRPC_ADDRESS" "ORCHESTRATOR_HTTP_ADDRESS" "ORCHESTRATOR_DATA_DIR" "ORCHESTRATOR_CHANNEL_CONFIG" "ORCHESTRATOR_DATABASE_URL" "ORCHESTRATOR_AMQP_DSN" "ORCHESTRATOR_AMQP_EXCHANGE" "ORCHESTRATOR_TLS_ENABLED" "ORCHESTRATOR_TLS_CERT_PATH" "ORCHESTRATOR_TLS_KEY_PATH" "ORCHESTRATOR_TLS_SERVER_CA_CERT" "ORCHESTRATOR_MTLS_ENABLED" "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR" "ORCHESTRATOR_VERIFY_CLIENT_MSP_ID" "ORCHESTRATOR_MSPID" "ORCHESTRATOR_NETWORK_CONFIG" "ORCHESTRATOR_FABRIC_CERT" "ORCHESTRATOR_FABRIC_KEY" "ORCHESTRATOR_FABRIC_TLS_CERT" "ORCHESTRATOR_FABRIC_TLS_KEY" "ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT" "ORCHESTRATOR_MIGRATE" "ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL" "ORCHESTRATOR_BROKER_QUEUE_TYPE" "ORCHESTRATOR_BROKER_PASSWORDS_DIR" "ORCHESTRATOR_BROKER_PASSWORDS" "ORCHESTRATOR_BROKER_RECONCILE_INTERVAL") -}}
{{- $problems = append $problems (printf "settings.%s has no place there: the chart sets it from a value of its own" $name) -}}
{{- end -}}
{{- end -}}
{{- $needed := add .Values.preStopSeconds 20 -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (int $needed) -}}
{{- $problems = append $problems (printf "terminationGracePeriodSeconds should be at least %d: preStopSeconds and 20 s for the server's end" $needed) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n- %s\n" (join "\n- " $problems)) -}}
{{- end -}}
{{- end -}}
