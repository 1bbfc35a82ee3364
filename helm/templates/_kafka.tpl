{{/* In files/*.yaml, @topics@ and @groups@ stand for the two prefixes. */}}
{{- define "riskgate.kafkaName" -}}
{{- .name | replace "@topics@" .root.Values.kafka.topicPrefix | replace "@groups@" .root.Values.kafka.groupPrefix }}
{{- end }}

{{/* The name in a replica set: its changelog is its own; call with (dict "root" $ "name" NAME "set" "b"). */}}
{{- define "riskgate.kafkaNameOfSet" -}}
{{- $name := .name }}
{{- if ne .set "a" }}
{{- $name = $name | replace "@groups@-risk--" (printf "@groups@-risk.%s--" .set) }}
{{- end }}
{{- include "riskgate.kafkaName" (dict "root" .root "name" $name) }}
{{- end }}

{{/* The sets that need a name of their own: all for a changelog, else one for all of them. */}}
{{- define "riskgate.setsOf" -}}
{{- if hasPrefix "changelog" .name }}{{ include "riskgate.sets" .root }}{{ else }}{{ toJson (list "a") }}{{ end }}
{{- end }}

{{/* Not empty when KEDA needs a Secret to reach Kafka. */}}
{{- define "riskgate.scalerSecrets" -}}
{{- if or .Values.kafka.login (and .Values.kafka.tls.enabled .Values.kafka.tls.caSecret) }}yes{{ end }}
{{- end }}
