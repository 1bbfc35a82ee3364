{{/* What every process of riskgate may reach: Kafka and names. */}}

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

{{/* The ports that kafka.brokers names; Kafka's own where one names none. */}}
{{- define "riskgate.brokerPorts" -}}
{{- $ports := list }}
{{- range splitList "," .Values.kafka.brokers }}
{{- $ports = append $ports (regexFind ":[0-9]+$" (trim .) | trimPrefix ":" | default "9092" | int) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}
