{{/*
Pods that are no workers: the operator's and the archive's. Names of their own, since the roles' Service,
ServiceMonitor and NetworkPolicy must not select them. Call each with (dict "root" $ "tool" "operator").
*/}}

{{- define "riskgate.toolName" -}}
{{ include "riskgate.fullname" .root }}-{{ .tool }}
{{- end }}

{{- define "riskgate.toolSelector" -}}
app.kubernetes.io/name: {{ include "riskgate.name" .root }}-{{ .tool }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "riskgate.toolLabels" -}}
{{ include "riskgate.toolSelector" . }}
{{ include "riskgate.release" .root }}
{{- end }}

{{/* Metadata of a tool's pod. */}}
{{- define "riskgate.toolPodMetadata" -}}
{{- $pod := (index .root.Values .tool).pod }}
labels:
  {{- include "riskgate.toolSelector" . | nindent 2 }}
  {{- with $pod.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $pod.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What the pods of both tools begin with. */}}
{{- define "riskgate.toolPod" -}}
{{- $values := .root.Values }}
{{- $pod := (index $values .tool).pod }}
serviceAccountName: {{ $values.serviceAccount.name | default "default" }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "riskgate.placement" $pod | trim }}
{{- . | nindent 0 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What the containers of both tools share; "role" is whose access it has. */}}
{{- define "riskgate.toolContainer" -}}
{{- $tool := index .root.Values .tool }}
name: {{ .tool }}
image: {{ include "riskgate.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
env:
  {{- include "riskgate.environment" . | trim | nindent 2 }}
  {{- with $tool.pod.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml $tool.resources | nindent 2 }}
securityContext:
  {{- include "riskgate.containerSecurity" .root | nindent 2 }}
{{- end }}
