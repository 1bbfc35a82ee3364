{{/* Names and labels of the console. */}}

{{- define "riskgate.consoleName" -}}
{{ include "riskgate.fullname" . }}-console
{{- end }}

{{/* A name of its own: the roles' Service, ServiceMonitor and NetworkPolicy must not select it. */}}
{{- define "riskgate.consoleSelector" -}}
app.kubernetes.io/name: {{ include "riskgate.name" . }}-console
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "riskgate.consoleLabels" -}}
{{ include "riskgate.consoleSelector" . }}
{{ include "riskgate.release" . }}
{{- end }}

{{- define "riskgate.consoleServiceAccount" -}}
{{- $account := .Values.console.serviceAccount }}
{{- $account.name | default (ternary (include "riskgate.consoleName" .) "default" $account.create) }}
{{- end }}

{{/* Checks that the schema cannot express. */}}
{{- define "riskgate.checkConsole" -}}
{{- $settings := .Values.console.settings }}
{{- if not .Values.console.proxies }}
{{- fail "console.enabled needs console.proxies, the addresses or networks of the proxies that authenticate people: the console knows no passwords" }}
{{- end }}
{{- if not .Values.console.names }}
{{- fail "console.enabled needs console.names, the host names under which browsers reach it: it refuses every other" }}
{{- end }}
{{- if and $settings.CONSOLE_WRITE (not (or $settings.CONSOLE_OPERATORS $settings.CONSOLE_APPROVERS)) }}
{{- fail "console.settings.CONSOLE_WRITE lets nobody act: name groups in CONSOLE_OPERATORS or CONSOLE_APPROVERS" }}
{{- end }}
{{- end }}
