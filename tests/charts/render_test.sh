#!/usr/bin/env bash
# The charts without a cluster: lint, and what each documented value does to what is rendered.
# Called by ctest. HOLDFAST: the program.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Prometheus' operator is there, as far as helm knows.
monitoring=(--api-versions monitoring.coreos.com/v1)
render() { helm template rb "$chart" --namespace "$ns" --kube-version 1.36.0 "$@"; }

# value TEMPLATE VALUES PART...: with these --set values (words of helm) that template has the parts.
value() {
  local template=$1 values=$2 text
  shift 2
  # shellcheck disable=SC2086
  text=$(render --show-only "templates/$template.yaml" $values 2>&1) || {
    fail "$template with $values: $text"
    return 0
  }
  has "$template with ${values:-defaults}" "$text" "$@"
}
# gone TEMPLATE VALUES: renders nothing.
gone() {
  # shellcheck disable=SC2086
  refused "could not find template templates/$1.yaml" render --show-only "templates/$1.yaml" $2
}

ok "helm lint, rancher-backup" helm lint --strict "$chart"
ok "helm lint, rancher-backup-crd" helm lint --strict "$crd_chart"
ok "packages" helm package "$chart" "$crd_chart" -d "$work/packages"

# Names, labels, and what stands in the Deployment by default.
value deployment "" "name: rancher-backup" "namespace: $ns" "app.kubernetes.io/instance: rb" \
  "app.kubernetes.io/name: rancher-backup" "resources.cattle.io/operator: backup-restore" \
  "helm.sh/chart: rancher-backup-" "replicas: 1" "runAsUser: 1000" "runAsGroup: 1000" "fsGroup: 1000" \
  "allowPrivilegeEscalation: false" "readOnlyRootFilesystem: true" "type: RuntimeDefault" \
  "name: CHART_NAMESPACE" "value: /encryption" "kubernetes.io/os: linux" "key: cattle.io/os" \
  "containerPort: 8080" "imagePullPolicy: Always" \
  "!METRICS_SERVER" "!DEFAULT_S3" "!DEFAULT_PERSISTENCE" "!HTTP_PROXY" "!--debug" "!--trace" "!prometheus.io" \
  "!priorityClassName" "!imagePullSecrets"
value clusterrolebinding "" "name: cluster-admin" "namespace: $ns" "!kind: ClusterRole
metadata"
value serviceaccount "" "name: rancher-backup" "!annotations"
for absent in s3-secret pvc service service-monitor prometheus-rules psp pdb grafana-dashboard; do gone $absent ""; done

# Each value by itself.
value deployment "--set image.repository=r/i --set image.tag=t" '"r/i:t"'
value deployment "--set global.cattle.systemDefaultRegistry=reg.example.com" '"reg.example.com/'
value hardened "--set global.cattle.systemDefaultRegistry=reg.example.com" '"reg.example.com/rancher/kuberlr-kubectl:v8.1.1"'
value hardened "--set global.kubectl.repository=k --set global.kubectl.tag=1" '"k:1"'
value deployment "--set imagePullPolicy=IfNotPresent" "imagePullPolicy: IfNotPresent"
for where in deployment hardened serviceaccount; do value $where "--set imagePullSecrets[0].name=pull" "name: pull"; done
value deployment "--set debug=true" "- --debug" "!--trace"
value deployment "--set trace=true" "- --trace" "!--debug"
value deployment "--set proxy=http://p:3128" "name: HTTP_PROXY" "name: HTTPS_PROXY" '"http://p:3128"' "name: NO_PROXY" \
  "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.svc,.cluster.local"
value deployment "--set proxy=http://p --set noProxy=.x" '".x"'
for where in deployment hardened; do
  value $where "--set nodeSelector.a=b" "kubernetes.io/os: linux" "a: b"
  value $where "--set tolerations[0].key=mine" "key: cattle.io/os" "key: mine"
done
value deployment "--set affinity.nodeAffinity.x=y" "affinity:" "x: \"y\""
value deployment "--set resources.limits.memory=64Mi" "memory: 64Mi"
value deployment "--set priorityClassName=rancher-critical" "priorityClassName: rancher-critical"
value deployment "--set extraAnnotations.a=b" "a: b"
value serviceaccount "--set serviceAccount.annotations.a=b" "a: b"
value deployment "--set securityContext.runAsNonRoot=false" "runAsUser: 0" "runAsGroup: 0" "!fsGroup" "allowPrivilegeEscalation: false"
value deployment "--set replicas=2" "replicas: 2"
value pdb "--set podDisruptionBudget.enabled=true" "maxUnavailable: 1"
value hardened "" "name: rancher-backup-default-allow-all" "podSelector: {}" "name: rancher-backup-patch-sa" "helm.sh/hook: post-install, post-upgrade"
value hardened "--set networkPolicy.mode=restricted" "!default-allow-all" "port: 8080"

# The default store.
s3="--set s3.enabled=true --set s3.bucketName=b --set s3.endpoint=e:9000"
value s3-secret "$s3" "name: rancher-backup-s3" 'bucketName: "b"' 'endpoint: "e:9000"' "!region" "!folder" "!endpointCA" \
  "!insecureTLS" "!credentialSecret" "!clientConfig"
value s3-secret "$s3 --set s3.region=r --set s3.folder=f --set s3.endpointCA=Q0E= --set s3.insecureTLSSkipVerify=true" \
  'region: "r"' 'folder: "f"' 'endpointCA: "Q0E="' 'insecureTLSSkipVerify: "true"'
value s3-secret "$s3 --set s3.credentialSecretName=c --set s3.credentialSecretNamespace=n" 'credentialSecretName: "c"' \
  'credentialSecretNamespace: "n"'
value s3-secret "$s3 --set s3.clientConfig.bucketLookup=dns --set s3.clientConfig.aws.dualStack=false" \
  'clientConfig: "{\"aws\":{\"dualStack\":false},\"bucketLookup\":\"dns\"}"'
value deployment "$s3" "name: DEFAULT_S3_BACKUP_STORAGE_LOCATION" "value: rancher-backup-s3"
refused "When providing a Secret containing S3 credentials, a valid .Values.credentialSecretNamespace must be provided" \
  render --set s3.enabled=true,s3.bucketName=b,s3.endpoint=e,s3.credentialSecretName=c
refused "A valid .Values.bucketName is required for configuring S3 compatible storage" render --set s3.enabled=true,s3.endpoint=e
refused "A valid .Values.endpoint is required for configuring S3 compatible storage" render --set s3.enabled=true,s3.bucketName=b
pv="--set persistence.enabled=true"
value pvc "$pv" "name: rb-1" "ReadWriteOnce" 'storage: "2Gi"' 'storageClassName: ""' "!volumeName"
value pvc "$pv --set persistence.storageClass=fast --set persistence.size=10Gi" 'storageClassName: "fast"' 'storage: "10Gi"'
value pvc "$pv --set persistence.storageClass=" "!storageClassName"
value pvc "$pv --set persistence.volumeName=mine" "name: mine" 'volumeName: "mine"'
value deployment "$pv" "value: persistence-enabled" "mountPath: /var/lib/backups" "name: pv-storage" "claimName: rb-1"
refused "Cannot configure both s3 and PV for storing backups" \
  render --set persistence.enabled=true,s3.enabled=true,s3.bucketName=b,s3.endpoint=e

# Monitoring.
metrics="--set monitoring.metrics.enabled=true"
value service "$metrics" "clusterIP: None" "name: http" "port: 8080" 'prometheus.io/port: "8080"' "prometheus.io/path: /metrics"
value deployment "$metrics" "name: METRICS_SERVER" 'value: "0.5, 1, 2.5, 5, 7.5, 10, 30, 60, 120"' 'prometheus.io/scrape: "true"'
value deployment "$metrics --set-string monitoring.metrics.rancherBackupDurationBuckets=1" 'value: "1"'
monitor="${monitoring[*]} --set monitoring.serviceMonitor.enabled=true"
value service-monitor "$monitor" "port: http" "path: /metrics" "helm.sh/chart: rancher-backup-" "- $ns"
value service-monitor "$monitor --set monitoring.serviceMonitor.additionalLabels.a=b" "a: b"
value service-monitor "$monitor --set monitoring.serviceMonitor.relabelings[0].action=drop" "relabelings:" "action: drop"
value service-monitor "$monitor --set monitoring.serviceMonitor.metricRelabelings[0].action=keep" "metricRelabelings:" "action: keep"
gone service-monitor "--set monitoring.serviceMonitor.enabled=true"
rules="${monitoring[*]} --set monitoring.prometheusRules"
value prometheus-rules "$rules.defaultAlert.enabled=true" "name: backup-restore" "alert: BackupFailed" "severity: critical" "[5m]" "!holdfast_"
value prometheus-rules "$rules.defaultAlert.enabled=true --set monitoring.prometheusRules.defaultAlert.window=1h" "[1h]"
value prometheus-rules "$rules.customRules.enabled=true --set monitoring.prometheusRules.customRules.rules[0].alert=Mine" \
  "name: backup-restore-custom" "alert: Mine" "!BackupFailed"
gone prometheus-rules "--set monitoring.prometheusRules.defaultAlert.enabled=true"
value grafana-dashboard "--set monitoring.grafanaDashboard.enabled=true" "holdfast.json:" 'grafana_dashboard: "1"'

# PodSecurityPolicies only where the cluster has them.
refused "PodSecurityPolicies are asked for" render --set global.cattle.psp.enabled=true
value psp "--set global.cattle.psp.enabled=true --api-versions policy/v1beta1/PodSecurityPolicy" "kind: PodSecurityPolicy" "name: rancher-backup-psp"

# Values that make no sense are refused before anything is rendered.
for bad in replicas=two rbac.scope=mine networkPolicy.mode=x imagePullPolicy=Sometimes s3.enabled=perhaps \
  notifications.pager.secretName=a notifications.slack.secretName= notifications.heartbeat.method=GET; do
  refused "values don't meet the specifications of the schema" render --set "$bad"
done

value deployment "--set notifications.slack.secretName=slack,notifications.heartbeat.secretName=h" \
  'name: HOLDFAST_NOTIFICATIONS' '{\"heartbeat\":{\"secretName\":\"h\"},\"slack\":{\"secretName\":\"slack\"}}'

# ResourceSets: the selectors by number, as the operator that this replaces shows them.
positions() { # SET
  holdfast resource-set view --path "$chart" -o json >"$work/sets.json" || fail "resource-set view"
  python3 -c 'import json,sys; print(len([s for s in json.load(open(sys.argv[1])) if s["metadata"]["name"] == sys.argv[2]][0]["resourceSelectors"]))' \
    "$work/sets.json" "$1"
}
same "selectors of basic" 94 "$(positions rancher-resource-set-basic)"
same "selectors of full" 104 "$(positions rancher-resource-set-full)"
same "selectors of the old name" 104 "$(positions rancher-resource-set)"
for set in basic full; do
  value "rancher-resourceset-$set" "" "name: rancher-resource-set-$set" "name: rancher" "namespace: cattle-system" "!kubewarden"
  value "rancher-resourceset-$set" "--set optionalResources.kubewarden.enabled=true" "kubewarden"
done
value rancher-resourceset-basic "" "!secrets"
