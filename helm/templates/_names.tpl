{{/* Names and labels. */}}

{{- define "riskgate.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for a suffix and a pod number to follow. */}}
{{- define "riskgate.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "riskgate.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "riskgate.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "riskgate.selector" -}}
app.kubernetes.io/name: {{ include "riskgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "riskgate.labels" -}}
{{ include "riskgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "riskgate.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "riskgate.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "riskgate.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}{{ printf "%s@%s" $.Values.image.repository . }}
{{- else }}{{ printf "%s:%s" .Values.image.repository $tag }}{{ end }}
{{- end }}

{{/* The Kafka user of a role; call with (dict "root" $ "role" "risk"). */}}
{{- define "riskgate.user" -}}
{{- (index .root.Values.kafka.users .role).name | default (printf "%s-%s" (include "riskgate.fullname" .root) .role) }}
{{- end }}

{{/* The Secret of that user. */}}
{{- define "riskgate.userSecret" -}}
{{- (index .root.Values.kafka.users .role).secret | default (printf "%s-%s" (include "riskgate.fullname" .root) .role) }}
{{- end }}
