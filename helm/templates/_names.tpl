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

{{/* The letters of the replica sets, as a JSON list; the first one has no name in riskgate. */}}
{{- define "riskgate.sets" -}}
{{- toJson (slice (list "a" "b" "c") 0 (int .Values.replicaSets)) }}
{{- end }}

{{/* What follows a role in the names of a set; call with (dict "set" "b"). */}}
{{- define "riskgate.ofSet" -}}
{{- if ne .set "a" }}-{{ .set }}{{ end }}
{{- end }}

{{/* The workload of a role in a set; call with (dict "root" $ "role" "risk" "set" "b"). */}}
{{- define "riskgate.workload" -}}
{{ include "riskgate.fullname" .root }}-{{ .role }}{{ include "riskgate.ofSet" . }}
{{- end }}

{{/* What only the pods of a role in a set have; call it likewise. */}}
{{- define "riskgate.members" -}}
{{ include "riskgate.selector" .root }}
app.kubernetes.io/component: {{ .role }}
riskgate/replica: {{ .set }}
{{- end }}

{{- define "riskgate.labels" -}}
{{ include "riskgate.selector" . }}
{{ include "riskgate.release" . }}
{{- end }}

{{/* What every resource says of the release that made it. */}}
{{- define "riskgate.release" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "riskgate.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "riskgate.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{/* The image of a replica set; call with (dict "root" $ "set" "b"). */}}
{{- define "riskgate.image" -}}
{{- $image := .root.Values.image }}
{{- $own := get $image.tags (.set | default "a") }}
{{- if $own }}{{ printf "%s:%s" $image.repository $own }}
{{- else if $image.digest }}{{ printf "%s@%s" $image.repository $image.digest }}
{{- else }}{{ printf "%s:%s" $image.repository ($image.tag | default .root.Chart.AppVersion) }}{{ end }}
{{- end }}

{{/* The Kafka user of a role; call with (dict "root" $ "role" "risk"). */}}
{{- define "riskgate.user" -}}
{{- $party := include "riskgate.party" . }}
{{- (index .root.Values.kafka.users $party).name | default (printf "%s-%s" (include "riskgate.fullname" .root) $party) }}
{{- end }}

{{/* The Secret of that user. */}}
{{- define "riskgate.userSecret" -}}
{{- $party := include "riskgate.party" . }}
{{- (index .root.Values.kafka.users $party).secret | default (printf "%s-%s" (include "riskgate.fullname" .root) $party) }}
{{- end }}

{{/* Whose access a role needs: its own, but a console that may act writes what operators write, and
the door what strategies write. */}}
{{- define "riskgate.party" -}}
{{- if and (eq .role "console") .root.Values.console.settings.CONSOLE_WRITE }}operator{{ else if eq .role "door" }}strategy{{ else }}{{ .role }}{{ end }}
{{- end }}
