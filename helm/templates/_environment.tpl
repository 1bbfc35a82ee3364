{{/* The settings of a process as its environment; call with (dict "root" $ "role" "risk"). */}}

{{- define "riskgate.environment" -}}
{{- $values := .root.Values }}
{{- $kafka := $values.kafka }}
- name: RISKGATE_BROKERS
  value: {{ $kafka.brokers | quote }}
- name: RISKGATE_TOPIC_PREFIX
  value: {{ $kafka.topicPrefix | quote }}
- name: RISKGATE_GROUP_PREFIX
  value: {{ $kafka.groupPrefix | quote }}
- name: RISKGATE_PARTITIONS
  value: {{ $kafka.partitions | quote }}
- name: RISKGATE_REPLICATION_FACTOR
  value: {{ $kafka.replicationFactor | quote }}
{{- if ne (.set | default "a") "a" }}
- name: RISKGATE_REPLICA
  value: {{ .set }}
{{- end }}
{{- include "riskgate.security" . }}
{{- $settings := deepCopy $values.settings }}
{{- range $name, $value := (index $values .role | default dict).settings }}
{{- $_ := set $settings $name $value }}
{{- end }}
{{- range $name, $value := $settings }}
- name: RISKGATE_{{ $name }}
  value: {{ include "riskgate.text" $value }}
{{- end }}
{{- end }}

{{/* A value as quoted text, with whole numbers written without an exponent. */}}
{{- define "riskgate.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . | quote }}
{{- else }}{{ toString . | quote }}{{ end }}
{{- end }}

{{- define "riskgate.security" -}}
{{- $kafka := .root.Values.kafka }}
{{- $login := and $kafka.login (ne $kafka.login "mTLS") }}
{{- $protocol := printf "%s%s" (ternary "SASL_" "" (not (empty $login))) (ternary "SSL" "PLAINTEXT" $kafka.tls.enabled) }}
- name: RISKGATE_SECURITY_PROTOCOL
  value: {{ $protocol }}
{{- if $login }}
- name: RISKGATE_SASL_MECHANISM
  value: {{ $kafka.login }}
- name: RISKGATE_SASL_USERNAME
  value: {{ include "riskgate.user" . | quote }}
- name: RISKGATE_SASL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "riskgate.userSecret" . }}
      key: {{ $kafka.secretKeys.password }}
{{- end }}
{{- if and $kafka.tls.enabled $kafka.tls.caSecret }}
- name: RISKGATE_SSL_CA_LOCATION
  value: /etc/riskgate/authorities/ca.crt
{{- end }}
{{- if eq $kafka.login "mTLS" }}
- name: RISKGATE_SSL_CERTIFICATE_LOCATION
  value: /etc/riskgate/user/tls.crt
- name: RISKGATE_SSL_KEY_LOCATION
  value: /etc/riskgate/user/tls.key
{{- with $kafka.secretKeys.privateKeyPassword }}
- name: RISKGATE_SSL_KEY_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "riskgate.userSecret" $ }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The TLS files of a container and their volumes. */}}
{{- define "riskgate.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- if and .root.Values.kafka.tls.enabled .root.Values.kafka.tls.caSecret }}
- name: authorities
  mountPath: /etc/riskgate/authorities
  readOnly: true
{{- end }}
{{- if eq .root.Values.kafka.login "mTLS" }}
- name: user
  mountPath: /etc/riskgate/user
  readOnly: true
{{- end }}
{{- end }}

{{- define "riskgate.volumes" -}}
{{- $kafka := .root.Values.kafka }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if and $kafka.tls.enabled $kafka.tls.caSecret }}
- name: authorities
  secret:
    secretName: {{ $kafka.tls.caSecret }}
    defaultMode: 0440
    items:
      - key: {{ $kafka.tls.caKey }}
        path: ca.crt
{{- end }}
{{- if eq $kafka.login "mTLS" }}
- name: user
  secret:
    secretName: {{ include "riskgate.userSecret" . }}
    defaultMode: 0440
    items:
      - key: {{ $kafka.secretKeys.certificate }}
        path: tls.crt
      - key: {{ $kafka.secretKeys.privateKey }}
        path: tls.key
{{- end }}
{{- end }}

{{- define "riskgate.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
