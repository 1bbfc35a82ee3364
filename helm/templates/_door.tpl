{{/* Names and labels of the HTTP door. */}}

{{- define "riskgate.doorName" -}}
{{ include "riskgate.fullname" . }}-door
{{- end }}

{{/* A name of its own: the roles' Service, ServiceMonitor and NetworkPolicy must not select it. */}}
{{- define "riskgate.doorSelector" -}}
app.kubernetes.io/name: {{ include "riskgate.name" . }}-door
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "riskgate.doorLabels" -}}
{{ include "riskgate.doorSelector" . }}
{{ include "riskgate.release" . }}
{{- end }}

{{- define "riskgate.doorServiceAccount" -}}
{{- $account := .Values.door.serviceAccount }}
{{- $account.name | default (ternary (include "riskgate.doorName" .) "default" $account.create) }}
{{- end }}

{{/* Checks that the schema cannot express. */}}
{{- define "riskgate.checkDoor" -}}
{{- if not .Values.door.proxies }}
{{- fail "door.enabled needs door.proxies, the addresses or networks of the proxies that authenticate clients: the door knows no passwords" }}
{{- end }}
{{- if not .Values.door.names }}
{{- fail "door.enabled needs door.names, the host names under which clients reach it: it refuses every other" }}
{{- end }}
{{- end }}
