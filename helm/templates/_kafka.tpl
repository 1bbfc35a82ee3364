{{/* In files/*.yaml, @topics@ and @groups@ stand for the two prefixes. */}}
{{- define "riskgate.kafkaName" -}}
{{- .name | replace "@topics@" .root.Values.kafka.topicPrefix | replace "@groups@" .root.Values.kafka.groupPrefix }}
{{- end }}

{{/* Not empty when KEDA needs a Secret to reach Kafka. */}}
{{- define "riskgate.scalerSecrets" -}}
{{- if or .Values.kafka.login (and .Values.kafka.tls.enabled .Values.kafka.tls.caSecret) }}yes{{ end }}
{{- end }}
