#!/usr/bin/env bash
# The charts on a real control plane: install, upgrade, uninstall; every form of CR that guides use is
# accepted by the schemas, wrong ones are refused. Called by ctest. TESTBED, HOLDFAST: the programs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
start_plane
kubectl create namespace "$ns" >/dev/null
get() { kubectl get "$@" -o 'go-template={{.}}' 2>/dev/null; }
path() { kubectl get "$1" -n "$ns" "$2" -o "jsonpath=$3"; }

# The order that guides give: CRDs, then the operator.
refused "Required CRDs are missing. Please install the corresponding CRD chart before installing this chart." \
  helm install rancher-backup "$chart" -n "$ns" --no-hooks
install_crds
ok "CRDs are served" kubectl wait --for=condition=Established --timeout=30s crd/backups.resources.cattle.io \
  crd/restores.resources.cattle.io crd/resourcesets.resources.cattle.io
# No kubelet runs here, so the hook's Job would never end.
ok "install" helm install rancher-backup "$chart" -n "$ns" --no-hooks --set persistence.enabled=true --set persistence.size=10Gi

same "the claim" "10Gi  rancher-backup-1" "$(path pvc rancher-backup-1 '{.spec.resources.requests.storage} {.spec.storageClassName} {.metadata.name}')"
same "the Deployment's claim" rancher-backup-1 "$(path deployment rancher-backup '{.spec.template.spec.volumes[?(@.name=="pv-storage")].persistentVolumeClaim.claimName}')"
same "cluster-admin" cluster-admin "$(path clusterrolebinding rancher-backup '{.roleRef.name}')"
same "may do all" yes "$(kubectl auth can-i '*' '*' --as "system:serviceaccount:$ns:rancher-backup" 2>/dev/null)"
same "sets" "rancher-resource-set rancher-resource-set-basic rancher-resource-set-full" \
  "$(kubectl get resourcesets -o 'jsonpath={.items[*].metadata.name}')"
same "short name and category" "" "$(kubectl get rbk,holdfast -o name | grep -v resourceset)"
eventually "the Deployment's pods are made" 60 kubectl wait -n "$ns" deployment/rancher-backup --timeout=1s \
  '--for=jsonpath={.status.unavailableReplicas}=1'
for set in rancher-resource-set rancher-resource-set-basic rancher-resource-set-full; do
  kubectl get resourceset "$set" -o json >"$work/live.json"
  ok "$set, as the cluster has it, is a ResourceSet" holdfast resource-set explain "$set" --kubeconfig "$KUBECONFIG" --log-level error
done

# What the sets are meant to take, of objects of each sort that this cluster can have.
kubectl create namespace cattle-system >/dev/null
kubectl create namespace fleet-default >/dev/null
kubectl create namespace app >/dev/null
kubectl create configmap one -n cattle-system >/dev/null
kubectl create secret generic mine -n app >/dev/null
kubectl create secret generic optin -n app >/dev/null
kubectl label secret optin -n app resources.cattle.io/backup=true >/dev/null
kubectl create secret generic bootstrap-secret -n cattle-system >/dev/null
kubectl create secret generic tls -n cattle-system >/dev/null
kubectl create secret generic x-machine-driver-secret -n fleet-default >/dev/null
kubectl create serviceaccount rancher -n cattle-system >/dev/null
# takes SET OBJECT YES|NO
takes() {
  local said
  said=$(holdfast resource-set explain "$1" "$2" -o json --kubeconfig "$KUBECONFIG" --log-level error) || fail "explain $1 $2"
  checks=$((checks + 1))
  [[ $said == *"\"selected\": $3"* ]] || fail "$1 takes $2: expected $3: $said"
}
for set in rancher-resource-set-basic rancher-resource-set-full rancher-resource-set; do
  sensitive=true
  [[ $set != *-basic ]] || sensitive=false
  takes $set namespaces/cattle-system true
  takes $set namespaces/app false
  takes $set configmaps/cattle-system/one true
  takes $set serviceaccounts/cattle-system/rancher true
  takes $set serviceaccounts/cattle-system/default false
  takes $set customresourcedefinitions.apiextensions.k8s.io/backups.resources.cattle.io true
  takes $set resourcesets.resources.cattle.io/rancher-resource-set-full true
  takes $set secrets/cattle-system/tls $sensitive
  takes $set secrets/cattle-system/bootstrap-secret false
  takes $set secrets/fleet-default/x-machine-driver-secret $sensitive
  takes $set secrets/app/optin $sensitive
  takes $set secrets/app/mine false
done

# An upgrade keeps the claim, and takes the values of another store.
ok "upgrade" helm upgrade rancher-backup "$chart" -n "$ns" --no-hooks --reuse-values --set debug=true
same "the claim is kept" rancher-backup-1 "$(path deployment rancher-backup '{.spec.template.spec.volumes[?(@.name=="pv-storage")].persistentVolumeClaim.claimName}')"
same "one claim" 1 "$(kubectl get pvc -n "$ns" -o name | wc -l)"
same "the argument" '["--debug"]' "$(path deployment rancher-backup '{.spec.template.spec.containers[0].args}')"
ok "upgrade to the narrow role" helm upgrade rancher-backup "$chart" -n "$ns" --no-hooks --reuse-values --set rbac.scope=resourcesets
can() { # YES|NO VERB RESOURCE [NAMESPACE]
  same "may $2 $3" "$1" "$(kubectl auth can-i "$2" "$3" ${4:+-n "$4"} --as "system:serviceaccount:$ns:rancher-backup" 2>/dev/null || true)"
}
can no '*' '*'
can no delete pods app
can no delete persistentvolumes
can no create pods app
can yes list secrets app
can yes update deployments.apps cattle-system
can yes escalate clusterroles.rbac.authorization.k8s.io
# Its CRD is not installed here, so that kubectl does not know the group: the server is asked itself.
same "may list users.management.cattle.io" true "$(kubectl create -o 'jsonpath={.status.allowed}' -f - <<JSON
{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
  "user": "system:serviceaccount:$ns:rancher-backup",
  "resourceAttributes": {"verb": "list", "group": "management.cattle.io", "resource": "users"}}}
JSON
)"
can yes update backups.resources.cattle.io/status
can yes create leases.coordination.k8s.io "$ns"
can yes create events "$ns"

# Forms of CRs. accept WHAT SPEC (flow YAML) of the kind.
apply() { # KIND SPEC
  printf 'apiVersion: resources.cattle.io/v1\nkind: %s\nmetadata: {name: form}\nspec: %s\n' "$1" "$2" | kubectl apply -f -
}
accept() { # KIND SPEC JSONPATH EXPECTED
  ok "$1 $2" apply "$1" "$2"
  same "$1 $2: $3" "$4" "$(kubectl get "$1" form -o "jsonpath=$3")"
  kubectl delete "$1" form --wait=true >/dev/null 2>&1 || true
}
set=rancher-resource-set
accept Backup "{resourceSetName: $set}" '{.spec}' "{\"resourceSetName\":\"$set\"}"
accept Backup "{resourceSetName: $set, storageLocation: null}" '{.spec.resourceSetName}' "$set"
accept Backup "{resourceSetName: $set, storageLocation: {}}" '{.spec.storageLocation}' '{}'
accept Backup "{resourceSetName: $set, storageLocation: {s3: null}}" '{.spec.resourceSetName}' "$set"
accept Backup "{resourceSetName: $set, storageLocation: {s3: {}}}" '{.spec.storageLocation.s3}' '{}'
accept Backup "{resourceSetName: $set, retentionCount: null, schedule: null}" '{.spec}' "{\"resourceSetName\":\"$set\"}"
accept Backup "{resourceSetName: $set, retentionCount: 7, schedule: '0 2 * * *', encryptionConfigSecretName: e}" '{.spec.retentionCount}' 7
accept Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b}}}" '{.spec.storageLocation.s3}' '{"bucketName":"b"}'
accept Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b, endpoint: '', region: r, folder: f, credentialSecretName: c, credentialSecretNamespace: ns, insecureTLSSkipVerify: true, endpointCA: Q0E=}}}" \
  '{.spec.storageLocation.s3.insecureTLSSkipVerify}' true
accept Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b, endpoint: e, clientConfig: null}}}" '{.spec.storageLocation.s3.bucketName}' b
accept Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b, endpoint: e, clientConfig: {aws: null}}}}" '{.spec.storageLocation.s3.bucketName}' b
accept Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b, endpoint: e, clientConfig: {aws: {}}}}}" \
  '{.spec.storageLocation.s3.clientConfig.aws.dualStack}' true
accept Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b, endpoint: e, clientConfig: {bucketLookup: DNS, aws: {dualStack: false}}}}}" \
  '{.spec.storageLocation.s3.clientConfig.bucketLookup}' DNS
accept Restore "{backupFilename: a.tar.gz}" '{.spec.prune}' true
accept Restore "{backupFilename: a.tar.gz, prune: false, ignoreErrors: true}" '{.spec.prune}' false
accept Restore "{backupFilename: a.tar.gz, storageLocation: null}" '{.spec.backupFilename}' a.tar.gz
accept Restore "{backupFilename: a.tar.gz, storageLocation: {s3: {}}}" '{.spec.storageLocation.s3}' '{}'
accept Restore "{backupFilename: 'rancher-2020-01-01T00#00#00Z.tar.gz', deleteTimeoutSeconds: 10}" '{.spec.backupFilename}' 'rancher-2020-01-01T00#00#00Z.tar.gz'
accept Restore "{backupFilename: '', deleteTimeoutSeconds: -5}" '{.spec.deleteTimeoutSeconds}' -5
accept Restore "{backupFilename: f/a.tar.gz.enc, encryptionConfigSecretName: e, storageLocation: {s3: {bucketName: b}}}" '{.spec.encryptionConfigSecretName}' e
# kubectl apply leaves nulls out, kubectl create sends them.
created() { # KIND SPEC EXPECTED
  ok "create $1 $2" kubectl create -f - <<<"{\"apiVersion\": \"resources.cattle.io/v1\", \"kind\": \"$1\", \"metadata\": {\"name\": \"form\"}, \"spec\": $2}"
  same "create $1 $2" "$3" "$(kubectl get "$1" form -o json | python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin)["spec"], sort_keys=True))')"
  kubectl delete "$1" form >/dev/null
}
created Restore '{"backupFilename": "a", "prune": null, "storageLocation": null}' '{"backupFilename": "a", "prune": null, "storageLocation": null}'
created Backup '{"resourceSetName": "a", "storageLocation": {"s3": null}}' '{"resourceSetName": "a", "storageLocation": {"s3": null}}'
created Backup '{"resourceSetName": "a", "schedule": null, "retentionCount": null, "storageLocation": null}' '{"resourceSetName": "a", "storageLocation": null}'
created Backup '{"resourceSetName": "a", "storageLocation": {"s3": {"bucketName": "b", "clientConfig": {"aws": null}}}}' \
  '{"resourceSetName": "a", "storageLocation": {"s3": {"bucketName": "b", "clientConfig": {"aws": null}}}}'

refused "spec.retentionCount in body should be greater than or equal to 1" apply Backup "{resourceSetName: $set, retentionCount: 0}"
refused "should be less than or equal to 10" apply Restore "{backupFilename: a, deleteTimeoutSeconds: 11}"
refused "insecureTLSSkipVerify" apply Backup "{resourceSetName: $set, storageLocation: {s3: {bucketName: b, insecureTLSSkipVerify: 'true'}}}"
refused "spec.storageLocation.s3.bucketName: Required value" apply Backup "{resourceSetName: $set, storageLocation: {s3: {endpoint: e}}}"
refused "spec.storageLocation.s3.bucketName: Required value" apply Restore "{backupFilename: a, storageLocation: {s3: {folder: f}}}"
refused "spec.resourceSetName: Required value" apply Backup "{schedule: '@daily'}"
refused "spec.backupFilename: Required value" apply Restore "{prune: true}"
refused "spec: Required value" kubectl create -f - <<<'{"apiVersion": "resources.cattle.io/v1", "kind": "Backup", "metadata": {"name": "form"}}'
refused "spec.verify: Unsupported value" apply Backup "{resourceSetName: $set, verify: Sometimes}"
set_of() { printf 'apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: form}\n%s\n' "$1" | kubectl apply -f -; }
refused "Duplicate value" set_of "resourceSelectors: [{apiVersion: v1, kinds: [a, a]}]"
refused "apiVersion: Required value" set_of "resourceSelectors: [{kinds: [a]}]"
refused "name: Required value" set_of "controllerReferences: [{apiVersion: v1, resource: a, namespace: b}]"
ok "a set without selectors" set_of ""
same "which has none" "[]" "$(kubectl get resourceset form -o 'jsonpath={.resourceSelectors}')"
ok "label selectors that are null" set_of "resourceSelectors: [{apiVersion: v1, labelSelectors: null}]"

# Statuses that earlier versions wrote do not hurt, and fields that nobody knows go.
ok "an old CR" kubectl apply --validate=false -f - <<YAML
apiVersion: resources.cattle.io/v1
kind: Backup
metadata: {name: old}
spec: {resourceSetName: $set, unknownField: 1}
YAML
ok "with an old status" kubectl patch backup old --subresource=status --type=merge \
  -p '{"status":{"conditions":[{"type":"Ready","status":"True","message":"Completed","lastUpdateTime":"2020-01-01T00:00:00Z"}],"numSnapshots":3,"filename":"a","storageLocation":"PV","backupType":"One-time","observedGeneration":1}}'
has "columns" "$(kubectl get backup old)" LOCATION TYPE LATEST-BACKUP RESOURCESET AGE STATUS PV One-time Completed
ok "the CRDs' upgrade keeps CRs" helm upgrade rancher-backup-crd "$crd_chart" -n "$ns"
same "the CR is there" backup.resources.cattle.io/old "$(kubectl get backup old -o name)"

ok "uninstall" helm uninstall rancher-backup -n "$ns" --no-hooks
same "nothing of it is left but the claim" "persistentvolumeclaim/rancher-backup-1" \
  "$(kubectl get deployment,serviceaccount,secret,service,pvc,networkpolicy -n "$ns" -l app.kubernetes.io/name=rancher-backup -o name; kubectl get clusterrole,clusterrolebinding -o name | grep rancher-backup || true)"
same "nor a set" "resourceset.resources.cattle.io/form" "$(kubectl get resourcesets -o name)"
ok "uninstall the CRDs" helm uninstall rancher-backup-crd -n "$ns"
eventually "the CRDs go" 30 bash -c "! '$HOLDFAST_TOOLS/kubectl' get crd backups.resources.cattle.io"
