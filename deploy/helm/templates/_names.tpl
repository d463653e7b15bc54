{{- define "gateway.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: gptomni-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gateway.labels" -}}
{{ include "gateway.selector" . }}
{{ include "gateway.origin" . }}
{{- end }}

{{- define "gateway.origin" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "gateway.image" -}}
{{- with .Values.image -}}
{{ required "image.repository: where you pushed the image" .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "gateway.confinement" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}

{{- define "browsers.name" -}}
{{ include "gateway.name" . }}-browsers
{{- end }}

{{- define "browsers.selector" -}}
app.kubernetes.io/name: gptomni-gateway-browsers
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "browsers.labels" -}}
{{ include "browsers.selector" . }}
{{ include "gateway.origin" . }}
{{- end }}

{{/* Of both: what a pod needs for Chromium beside its container. */}}
{{- define "gateway.pod" -}}
automountServiceAccountToken: false
# Variables like GATEWAY_PORT would look like settings.
enableServiceLinks: false
{{- if kindIs "bool" .Values.hostUsers }}
hostUsers: {{ .Values.hostUsers }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile: {{- toYaml .Values.seccompProfile | nindent 4 }}
{{- end }}

{{- define "gateway.secret" -}}
{{ required "existingSecret: name a Secret with DATABASE_URL and SECRET_KEY" .Values.existingSecret }}
{{- end }}
