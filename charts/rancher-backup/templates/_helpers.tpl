{{- define "backup.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
resources.cattle.io/operator: backup-restore
{{- end }}

{{- define "backup.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{ include "backup.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "backup.registry" -}}
{{- with .Values.global.cattle.systemDefaultRegistry }}{{ . }}/{{ end }}
{{- end }}

{{- define "backup.image" -}}
{{ include "backup.registry" . }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "backup.kubectlImage" -}}
{{ include "backup.registry" . }}{{ .Values.global.kubectl.repository }}:{{ .Values.global.kubectl.tag }}
{{- end }}

{{- define "backup.nodeSelector" -}}
kubernetes.io/os: linux
{{- with .Values.nodeSelector }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "backup.tolerations" -}}
- key: cattle.io/os
  operator: Equal
  value: linux
  effect: NoSchedule
{{- with .Values.tolerations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the claim. An upgrade keeps the one that the Deployment uses. */}}
{{- define "backup.pvcName" -}}
{{- if .Values.persistence.volumeName -}}
{{ .Values.persistence.volumeName }}
{{- else -}}
{{- $name := printf "%s-%d" .Release.Name .Release.Revision -}}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace .Chart.Name -}}
{{- if $live -}}
{{- range (dig "spec" "template" "spec" "volumes" (list) $live) -}}
{{- if and (eq .name "pv-storage") .persistentVolumeClaim -}}{{- $name = .persistentVolumeClaim.claimName -}}{{- end -}}
{{- end -}}
{{- end -}}
{{ $name }}
{{- end -}}
{{- end }}

{{/* The selectors of the component files that match the patterns, in path order. */}}
{{- define "backup.selectors" -}}
{{- $root := .root -}}
{{- range $pattern := .patterns }}
{{- range $path, $text := $root.Files.Glob $pattern }}
# {{ trimPrefix "files/resourcesets/" $path }}
{{ trim (toString $text) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "backup.optional" -}}
{{- $kind := .kind -}}
{{- range $name, $value := .root.Values.optionalResources }}
{{- if $value.enabled }}files/resourcesets/optional/{{ $kind }}/{{ $name }}.yaml {{ end }}
{{- end }}
{{- end }}

{{- define "backup.resourceSet" -}}
{{- $patterns := list "files/resourcesets/default/basic/*.yaml" -}}
{{- if .sensitive }}{{ $patterns = append $patterns "files/resourcesets/default/sensitive/*.yaml" }}{{ end -}}
{{- $patterns = concat $patterns (include "backup.optional" (dict "root" .root "kind" "basic") | splitList " " | compact) -}}
{{- if .sensitive }}{{ $patterns = concat $patterns (include "backup.optional" (dict "root" .root "kind" "sensitive") | splitList " " | compact) }}{{ end -}}
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata:
  name: {{ .name }}
controllerReferences:
  - apiVersion: apps/v1
    resource: deployments
    namespace: cattle-system
    name: rancher
resourceSelectors:
{{- include "backup.selectors" (dict "root" .root "patterns" $patterns) }}
{{- end }}

{{/* "26h" as seconds; hours, minutes or seconds. */}}
{{- define "backup.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int -}}
{{- if hasSuffix "h" . }}{{ mul $number 3600 }}{{ else if hasSuffix "m" . }}{{ mul $number 60 }}{{ else }}{{ $number }}{{ end -}}
{{- end }}
