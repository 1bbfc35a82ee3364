{{/*
A job of the operator's user. Call it with
(dict "root" $ "name" "topics" "containers" TEXT "volumes" TEXT "annotations" TEXT). Optional:
"initContainers" TEXT, and "final" true if a failed pod must not be retried.
*/}}
{{- define "riskgate.job" -}}
{{- $values := .root.Values }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "riskgate.fullname" .root }}-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "riskgate.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
  annotations:
    {{- .annotations | trim | nindent 4 }}
spec:
  backoffLimit: 6
  activeDeadlineSeconds: 600
  {{- if .final }}
  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes: {operator: In, values: [1]}
  {{- end }}
  template:
    metadata:
      labels:
        {{- include "riskgate.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
    spec:
      {{- include "riskgate.jobPod" . | trim | nindent 6 }}
{{- end }}

{{- define "riskgate.jobPod" -}}
{{- $values := .root.Values }}
# A hook runs before the release's service account exists.
serviceAccountName: {{ $values.serviceAccount.name | default "default" }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .initContainers }}
initContainers:
  {{- trim . | nindent 2 }}
{{- end }}
containers:
  {{- .containers | trim | nindent 2 }}
volumes:
  {{- include "riskgate.volumes" (dict "root" .root "role" "operator") | trim | nindent 2 }}
  {{- with .volumes }}
  {{- trim . | nindent 2 }}
  {{- end }}
{{- end }}

{{/*
One command of a job; call with (dict "root" $ "name" NAME "args" LIST "mounts" TEXT). Optional:
"set", the replica set that it is about.
*/}}
{{- define "riskgate.command" -}}
- name: {{ .name }}
  image: {{ include "riskgate.image" . }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: {{ toJson .args }}
  env:
    {{- include "riskgate.environment" (dict "root" .root "role" "operator" "set" .set) | trim | nindent 4 }}
  resources:
    {{- toYaml .root.Values.jobs.resources | nindent 4 }}
  securityContext:
    {{- include "riskgate.containerSecurity" .root | nindent 4 }}
  volumeMounts:
    {{- include "riskgate.mounts" (dict "root" .root "role" "operator") | trim | nindent 4 }}
    {{- with .mounts }}
    {{- trim . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* A command about topics for each replica set but the first; (dict "root" $ "name" NAME "args" LIST). */}}
{{- define "riskgate.commandOfOthers" -}}
{{- range $set := rest (include "riskgate.sets" .root | fromJsonArray) }}
{{ include "riskgate.command" (dict "root" $.root "name" (printf "%s-%s" $.name $set) "args" $.args "set" $set) }}
{{- end }}
{{- end }}
