{{/* The pod of a role; call with (dict "root" $ "role" "risk" "set" "a"). */}}

{{- define "riskgate.pod" -}}
{{- $values := .root.Values }}
{{- $role := index $values .role }}
{{- $pod := $role.pod }}
metadata:
  # No label with the chart's version, so that a new chart alone restarts no worker.
  labels:
    {{- include "riskgate.members" . | nindent 4 }}
    {{- with $pod.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $pod.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "riskgate.serviceAccount" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .role }}
      image: {{ include "riskgate.image" . }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: [run, {{ .role }}]
      env:
        # Unique among running processes: it identifies group members and risk's transactions.
        - name: RISKGATE_INSTANCE
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: RISKGATE_HTTP_HOST
          value: {{ $values.http.host | quote }}
        - name: RISKGATE_HTTP_PORT
          value: {{ $values.http.port | quote }}
        - name: RISKGATE_STATE_DIR
          value: /var/lib/riskgate
        {{- include "riskgate.environment" . | trim | nindent 8 }}
        {{- with $pod.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: http
          containerPort: {{ $values.http.port }}
      startupProbe:
        httpGet: {path: /livez, port: http}
        {{- toYaml $values.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: {path: /livez, port: http}
        {{- toYaml $values.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        {{- toYaml $values.probes.readiness | nindent 8 }}
      resources:
        {{- toYaml $role.resources | nindent 8 }}
      securityContext:
        {{- include "riskgate.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - name: state
          mountPath: /var/lib/riskgate
        {{- include "riskgate.mounts" . | trim | nindent 8 }}
  volumes:
    {{- include "riskgate.volumes" . | trim | nindent 4 }}
    {{- if not (and (eq .role "risk") $values.risk.persistence.enabled) }}
    - name: state
      emptyDir: {}
    {{- end }}
  {{- with include "riskgate.placement" $pod | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if $pod.affinity }}
  affinity:
    {{- toYaml $pod.affinity | nindent 4 }}
  {{- else if gt (int $values.replicaSets) 1 }}
  affinity:
    {{- include "riskgate.apart" . | trim | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- if hasKey $pod "topologySpreadConstraints" }}
    {{- toYaml $pod.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- include "riskgate.spread" . | trim | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Where a pod may run and what it may displace; call with the `pod` values of its role. */}}
{{- define "riskgate.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/*
Spread workers so that a lost zone or node takes as few as possible. A rolling update counts only
the new pods: the old ones would push the new ones together.
*/}}
{{- define "riskgate.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "riskgate.members" $ | nindent 6 }}
  {{- if ne $.role "risk" }}
  matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end }}

{{/* Keep replica sets on different nodes, and zones if there are any: else one death takes both. */}}
{{- define "riskgate.apart" -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    {{- range $key, $weight := dict "kubernetes.io/hostname" 100 "topology.kubernetes.io/zone" 50 }}
    - weight: {{ $weight }}
      podAffinityTerm:
        topologyKey: {{ $key }}
        labelSelector:
          matchLabels:
            {{- include "riskgate.selector" $.root | nindent 12 }}
          matchExpressions:
            - {key: app.kubernetes.io/component, operator: In, values: [ingest, risk, broadcast]}
            - {key: riskgate/replica, operator: NotIn, values: [{{ $.set }}]}
    {{- end }}
{{- end }}

{{/* A Deployment of a role without state; call with (dict "root" $ "role" "ingest" "set" "a"). */}}
{{- define "riskgate.deployment" -}}
{{- $role := index .root.Values .role }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "riskgate.workload" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "riskgate.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  {{- if not ($role.autoscaling | default dict).enabled }}
  replicas: {{ $role.replicas }}
  {{- end }}
  # A new process must be ready before an old one leaves.
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "riskgate.members" . | nindent 6 }}
  template:
    {{- include "riskgate.pod" . | trim | nindent 4 }}
{{- end }}

{{- define "riskgate.podDisruptionBudget" -}}
{{- $budget := (index .root.Values .role).podDisruptionBudget }}
{{- if $budget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "riskgate.workload" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "riskgate.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  maxUnavailable: {{ $budget.maxUnavailable }}
  # A pod that is not ready may always be evicted, so it delays no drain.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "riskgate.members" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Scaling by CPU; call with (dict "root" $ "role" "ingest" "set" "a" "kind" "Deployment"). */}}
{{- define "riskgate.cpuScaler" -}}
{{- $scaling := (index .root.Values .role).autoscaling }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "riskgate.workload" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "riskgate.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: {{ .kind }}
    name: {{ include "riskgate.workload" . }}
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: {{ $scaling.scaleDownSeconds }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $scaling.cpuPercent }}
{{- end }}
