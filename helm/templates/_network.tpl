{{/* What each riskgate process may reach: Kafka and DNS. */}}

{{- define "riskgate.egress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- ports:
    {{- $ports := .Values.networkPolicy.kafkaPorts }}
    {{- range $ports | default (include "riskgate.brokerPorts" . | fromJsonArray) }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.kafkaTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The ports in kafka.brokers; 9092 for an address without one. */}}
{{- define "riskgate.brokerPorts" -}}
{{- $ports := list }}
{{- range splitList "," .Values.kafka.brokers }}
{{- $ports = append $ports (regexFind ":[0-9]+$" (trim .) | trimPrefix ":" | default "9092" | int) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}
