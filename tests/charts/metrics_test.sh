#!/usr/bin/env bash
# The operator under the narrow role (rbac.scope=resourcesets), watched by a real Prometheus: it backs
# up and restores with no more rights than its ResourceSets ask for; the scraped metrics are those
# that the alerts and the dashboard ask for. Called by ctest. TESTBED, HOLDFAST: the programs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
start_plane
kubectl create namespace "$ns" >/dev/null
install_crds
ok "install" helm install rancher-backup "$chart" -n "$ns" --no-hooks --set persistence.enabled=true \
  --set rbac.scope=resourcesets,monitoring.metrics.enabled=true,monitoring.metrics.interval=500ms
kubectl create namespace cattle-system >/dev/null
kubectl create namespace elsewhere >/dev/null
kubectl create configmap one -n cattle-system --from-literal=a=b >/dev/null
kubectl create secret generic tls -n cattle-system --from-literal=a=b >/dev/null
kubectl create clusterrole cattle-one --verb='*' --resource=pods,nodes >/dev/null
kubectl create clusterrolebinding cattle-one --clusterrole=cattle-one --user=somebody >/dev/null
kubectl create configmap mine -n elsewhere >/dev/null
start_operator

same "the role does not reach elsewhere" no \
  "$(kubectl auth can-i delete persistentvolumes --as "system:serviceaccount:$ns:rancher-backup" 2>/dev/null || true)"
backup() { # NAME SPEC
  kubectl apply -f - >/dev/null <<<"{apiVersion: resources.cattle.io/v1, kind: Backup, metadata: {name: $1}, spec: $2}"
}
backup full "{resourceSetName: rancher-resource-set-full}"
eventually "a backup by the narrow role" 120 says backup full Completed
backup basic "{resourceSetName: rancher-resource-set-basic, schedule: '@every 1h', retentionCount: 2}"
eventually "a scheduled backup" 120 says backup basic Completed
backup bad "{resourceSetName: none}"
eventually "a backup that fails" 120 says backup bad Retrying

backup keyless "{resourceSetName: rancher-resource-set-basic, encryptionConfigSecretName: none}"
eventually "a backup without its key" 120 says backup keyless Retrying
kubectl create secret generic s3 -n "$ns" --from-literal=accessKey=a --from-literal=secretKey=b >/dev/null
backup away "{resourceSetName: rancher-resource-set-basic, storageLocation: {s3: {bucketName: b, endpoint: '127.0.0.1:1', credentialSecretName: s3, credentialSecretNamespace: $ns}}}"

archive=$(kubectl get backup full -o 'jsonpath={.status.filename}')
kubectl delete configmap one -n cattle-system >/dev/null
kubectl delete clusterrolebinding cattle-one >/dev/null
kubectl delete clusterrole cattle-one >/dev/null
kubectl patch secret tls -n cattle-system -p '{"stringData":{"a":"changed"}}' >/dev/null
kubectl apply -f - >/dev/null <<<"{apiVersion: resources.cattle.io/v1, kind: Restore, metadata: {name: back}, spec: {backupFilename: $archive, prune: false}}"
eventually "a restore by the narrow role" 120 says restore back Completed
same "what was deleted is back" b "$(kubectl get configmap one -n cattle-system -o 'jsonpath={.data.a}')"
same "what was changed is as it was" "$(printf b | base64)" "$(kubectl get secret tls -n cattle-system -o 'jsonpath={.data.a}')"
same "also a role that allows more than the operator may" '["*"]' "$(kubectl get clusterrole cattle-one -o 'jsonpath={.rules[0].verbs}')"
same "and who has it" somebody "$(kubectl get clusterrolebinding cattle-one -o 'jsonpath={.subjects[0].name}')"

# Prometheus with the chart's rules.
helm template rb "$chart" -n "$ns" --kube-version 1.36.0 --api-versions monitoring.coreos.com/v1 \
  --show-only templates/prometheus-rules.yaml \
  --set monitoring.prometheusRules.defaultAlert.enabled=true,monitoring.prometheusRules.holdfastAlerts.enabled=true |
  awk 'in_spec {print substr($0, 3)} /^spec:/ {in_spec = 1}' >"$work/rules.yaml"
cat >"$work/prometheus.yaml" <<YAML
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: [rules.yaml]
scrape_configs:
- job_name: rancher-backup
  static_configs: [{targets: ["${operator_url#http://}"]}]
YAML
background "$work/prometheus.log" prometheus --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/tsdb" \
  --web.listen-address=127.0.0.1:0
eventually "Prometheus listens" 120 grep -q 'msg="Listening on"' "$work/prometheus.log"
prometheus=http://$(sed -n 's/.*msg="Listening on" address=//p' "$work/prometheus.log" | head -n 1)
ask() { "$root/tests/charts/ask-prometheus" "$prometheus" "$1"; }
answers() { [[ -n $(ask "$1") ]] || { ask "$1"; return 1; }; }
eventually "Prometheus scrapes it" 120 answers 'up{job="rancher-backup"} == 1'
ok "what it serves is well-formed" bash -c "python3 -c 'import sys, urllib.request
sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1]).read())' '$operator_url/metrics' | promtool check metrics | { ! grep error; }"
while IFS= read -r query; do
  eventually "the dashboard's $query" 120 answers "$query"
done < <("$root/tests/charts/dashboard-queries" "$chart/files/dashboards/holdfast.json")
# Every metric that a rule asks for is there; those of failures that did not happen may be absent.
for metric in rancher_backups_attempted_total rancher_backups_failed_total rancher_backup_info \
  holdfast_backup_last_success_timestamp_seconds holdfast_backup_next_run_timestamp_seconds holdfast_backup_verified \
  holdfast_restore_failed holdfast_leader holdfast_store_reachable holdfast_encryption_keys_readable holdfast_store_seconds_count rancher_backup_count rancher_restore_count rancher_restore_info \
  rancher_backup_duration_seconds_bucket rancher_backup_last_processed_timestamp_seconds; do
  eventually "$metric" 120 answers "$metric"
done
eventually "the count" 120 answers 'rancher_backup_count == 5'
eventually "the recording rules" 120 answers 'status:rancher_backups_attempted_total{name="full",status="Completed"} >= 1'
eventually "the failed one alerts" 120 answers 'ALERTS{alertname="BackupFailed",name="bad"}'
eventually "the key that is missing alerts" 120 answers 'ALERTS{alertname="BackupKeyMissing",kind="Backup",name="keyless"}'
eventually "the store that is away alerts" 180 answers 'ALERTS{alertname="BackupStoreUnreachable",kind="Backup",name="away"}'
same "the others do not" "" "$(ask 'ALERTS{name=~"full|basic|back"}')"
stop_operator
