{{/* Checks that the schema cannot express: values must not contradict each other. */}}

{{- define "riskgate.checks" -}}
{{- $partitions := int .Values.kafka.partitions }}
{{- if not .Values.kafka.brokers }}
{{- fail "kafka.brokers is required: addresses of Kafka as host:port, separated by commas" }}
{{- end }}
{{- range $role := list "risk" "ingest" "broadcast" }}
{{- $replicas := int (index $.Values $role).replicas }}
{{- if gt $replicas $partitions }}
{{- fail (printf "%s.replicas is %d, but kafka.partitions is %d: the other pods would have no work and never be ready" $role $replicas $partitions) }}
{{- end }}
{{- end }}
{{- if ne .Values.risk.autoscaling.kind "none" }}
{{- include "riskgate.checkScaling" (dict "name" "risk.autoscaling" "scaling" .Values.risk.autoscaling "partitions" $partitions) }}
{{- end }}
{{- if .Values.ingest.autoscaling.enabled }}
{{- include "riskgate.checkScaling" (dict "name" "ingest.autoscaling" "scaling" .Values.ingest.autoscaling "partitions" $partitions) }}
{{- end }}
{{- if and (eq .Values.kafka.login "mTLS") (not .Values.kafka.tls.enabled) }}
{{- fail "kafka.login mTLS needs kafka.tls.enabled" }}
{{- end }}
{{- if and (eq .Values.kafka.login "PLAIN") (not .Values.kafka.tls.enabled) }}
{{- fail "kafka.login PLAIN without kafka.tls.enabled would send passwords unencrypted" }}
{{- end }}
{{- if .Values.strimzi.enabled }}
{{- include "riskgate.checkStrimzi" . }}
{{- end }}
{{- if .Values.console.enabled }}
{{- include "riskgate.checkConsole" . }}
{{- end }}
{{- if .Values.door.enabled }}
{{- include "riskgate.checkDoor" . }}
{{- end }}
{{- if and .Values.limits.apply (not .Values.limits.documents) }}
{{- fail "limits.apply has nothing to publish: limits.documents is empty" }}
{{- end }}
{{- if and .Values.limits.apply (not .Values.limits.author) }}
{{- fail "limits.apply needs limits.author, who is responsible for the documents; only documents of this author are replaced" }}
{{- end }}
{{- if and .Values.alerts.enabled (not (contains "riskgate" (include "riskgate.fullname" .))) }}
{{- fail "alerts.enabled needs \"riskgate\" in the release's full name, since the alerts select job=~\".*riskgate.*\"" }}
{{- end }}
{{- end }}

{{- define "riskgate.checkScaling" -}}
{{- if gt (int .scaling.maxReplicas) .partitions }}
{{- fail (printf "%s.maxReplicas is %d, but kafka.partitions is %d: the other pods would have no work and never be ready" .name (int .scaling.maxReplicas) .partitions) }}
{{- end }}
{{- if gt (int .scaling.minReplicas) (int .scaling.maxReplicas) }}
{{- fail (printf "%s.minReplicas is above its maxReplicas" .name) }}
{{- end }}
{{- end }}

{{- define "riskgate.checkStrimzi" -}}
{{- if not .Values.strimzi.cluster }}
{{- fail "strimzi.enabled needs strimzi.cluster, the name of the Kafka resource" }}
{{- end }}
{{- if and .Values.strimzi.topics .Values.topics.create }}
{{- fail "strimzi.topics and topics.create would both create the topics: set topics.create to false" }}
{{- end }}
{{- if and .Values.strimzi.users (not (has .Values.kafka.login (list "SCRAM-SHA-512" "mTLS"))) }}
{{- fail "strimzi.users needs kafka.login SCRAM-SHA-512 or mTLS, the only kinds of user that Strimzi creates" }}
{{- end }}
{{- range $role, $user := .Values.kafka.users }}
{{- if and $.Values.strimzi.users (or $user.name $user.secret) }}
{{- fail (printf "strimzi.users chooses the names of users and Secrets: leave kafka.users.%s empty" $role) }}
{{- end }}
{{- end }}
{{- end }}
