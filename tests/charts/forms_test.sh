#!/usr/bin/env bash
# Every form of Backup and Restore that must be accepted, and the shipped ResourceSets, applied through
# kubectl: the same archive and the same restore as the command line's. Called by ctest. TESTBED,
# HOLDFAST: the programs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$root/tests/charts/rancher.sh"
start_minio
start_plane
install_rancher
fill_rancher
kubectl create namespace "$ns" >/dev/null
install_crds
ok "rancher-backup" helm install rancher-backup "$chart" -n "$ns" --no-hooks --set persistence.enabled=true
kubectl create secret generic s3 -n "$ns" --from-literal=accessKey=access-key --from-literal=secretKey=secret-key-value >/dev/null
cat >"$work/keys.yaml" <<YAML
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: [secrets], providers: [{aescbc: {keys: [{name: key1, secret: $(head -c 32 /dev/urandom | base64)}]}}]}]
YAML
kubectl create secret generic keys -n "$ns" --from-file=encryption-provider-config.yaml="$work/keys.yaml" >/dev/null
# Nothing but the tests changes objects from here on, so that archives can be compared byte by byte.
eventually "the cluster is at rest" 120 bash -c "'$HOLDFAST_TOOLS/kubectl' get serviceaccount default -n cattle-system &&
  [[ \$('$HOLDFAST_TOOLS/kubectl' get configmap -A -o name | grep -c kube-root-ca.crt) == \$('$HOLDFAST_TOOLS/kubectl' get namespaces -o name | wc -l) ]]"
start_operator

# create KIND NAME SPEC: JSON, and kubectl create, so that nulls reach the server.
create() {
  ok "create $1 $3" kubectl create -f - <<<"{\"apiVersion\": \"resources.cattle.io/v1\", \"kind\": \"$1\", \"metadata\": {\"name\": \"$2\"}, \"spec\": $3}"
  eventually "$1 $3 is completed" 180 says "$1" "$2" Completed
}
# unpack ARCHIVE FOLDER: its objects and the ResourceSet; the manifest tells of the run.
unpack() {
  mkdir -p "$2"
  tar -xzf "$1" -C "$2"
  rm -f "$2/filters/manifest.json"
}

# Archives of the command line, set by set.
for set in rancher-resource-set rancher-resource-set-basic rancher-resource-set-full; do
  ok "holdfast backup $set" holdfast backup --resource-set $set --store "$work/cli-$set"
  unpack "$work/cli-$set"/*.tar.gz "$work/expected-$set"
done
same "it has objects" yes "$([[ -f $work/expected-rancher-resource-set/users.management.cattle.io#v3/alice.json ]] && echo yes)"
same "the basic one has no Secret" "" "$(ls -d "$work"/expected-rancher-resource-set-basic/secrets.* 2>/dev/null)"

# archived NAME SET: the archive of Backup NAME is as the command line's of that set.
archived() {
  local file
  file=$(kubectl get backup "$1" -o 'jsonpath={.status.filename}')
  unpack "$work/store/$file" "$work/got-$1"
  ok "the archive of $1" diff -r "$work/expected-$2" "$work/got-$1"
}
n=0
backup() { # SET SPEC, without the set's name
  n=$((n + 1))
  create Backup "form-$n" "{\"resourceSetName\": \"$1\"$2}"
}
for set in rancher-resource-set rancher-resource-set-basic rancher-resource-set-full; do
  backup $set ""
  archived "form-$n" $set
done
set=rancher-resource-set
for spec in '"storageLocation": null' '"storageLocation": {}' '"storageLocation": {"s3": null}' \
  '"schedule": null, "retentionCount": null' '"retentionCount": 7' '"schedule": "0 2 * * *", "retentionCount": null' \
  '"schedule": "@midnight"'; do
  backup $set ", $spec"
  archived "form-$n" $set
done
# In S3. One that names no endpoint means Amazon's, which no test reaches: its schema is tested elsewhere.
bucket="\"bucketName\": \"my-rancher-backups\", \"endpoint\": \"$endpoint\", \"credentialSecretName\": \"s3\", \"credentialSecretNamespace\": \"$ns\""
by_ca="\"endpointCA\": \"$ca\""
for s3 in "$by_ca, \"clientConfig\": null" "\"insecureTLSSkipVerify\": true, \"clientConfig\": {\"aws\": null}" \
  "$by_ca, \"region\": \"us-east-1\", \"folder\": \"a/b\", \"clientConfig\": {\"aws\": {}, \"bucketLookup\": \"PATH\"}"; do
  backup $set ", \"storageLocation\": {\"s3\": {$bucket, $s3}}"
  file=$(kubectl get backup "form-$n" -o 'jsonpath={.status.filename}')
  folder=
  [[ $s3 != *a/b* ]] || folder=a/b/
  mc cat "m/my-rancher-backups/$folder$file" >"$work/store/$file"
  archived "form-$n" $set
done
in_s3=$file
# Encrypted: the same objects, which only the key shows.
backup $set ', "encryptionConfigSecretName": "keys"'
encrypted=$(kubectl get backup "form-$n" -o 'jsonpath={.status.filename}')
ok "holdfast backup, encrypted" holdfast backup --resource-set $set --store "$work/store" --name cli --encryption-config "$work/keys.yaml"
cli_encrypted=$(cd "$work/store" && echo cli-*.enc)
same "what is in them" "$(tar -tzf "$work/store/$cli_encrypted" | sort)" "$(tar -tzf "$work/store/$encrypted" | sort)"
same "their difference" '[[], [], []]' \
  "$(holdfast diff "$encrypted" "$cli_encrypted" --store "$work/store" --encryption-config "$work/keys.yaml" -o json --log-level error |
    python3 -c 'import json, sys; d = json.load(sys.stdin); print([d[key] for key in ("onlyLeft", "onlyRight", "changed")])')"

# Restores. `left` is what differs from the archive after one: nothing, or what prune left alone.
plain=$(kubectl get backup form-1 -o 'jsonpath={.status.filename}')
damage() {
  kubectl delete user.management.cattle.io alice >/dev/null
  kubectl delete configmap settings -n cattle-system >/dev/null
  kubectl patch secret tls-rancher -n cattle-system -p '{"stringData":{"tls.key":"another"}}' >/dev/null
  kubectl create configmap extra -n cattle-system >/dev/null 2>&1 || true
}
left() { holdfast diff "$plain" --store "$work/store" -o json --log-level error; }
for prune in "" --prune; do
  damage
  has "there is damage" "$(left)" alice settings tls-rancher extra
  # shellcheck disable=SC2086
  ok "holdfast restore $prune" holdfast restore "$plain" --store "$work/store" $prune
  left >"$work/left$prune"
done
has "without prune" "$(cat "$work/left")" extra !alice !settings !tls-rancher
has "with it" "$(cat "$work/left--prune")" !extra !alice !settings !tls-rancher
restore() { # --prune|"" SPEC
  n=$((n + 1))
  damage
  create Restore "form-$n" "{$2}"
  same "what is left after Restore $2" "$(cat "$work/left$1")" "$(left)"
  same "Rancher is scaled up again" 3 "$(kubectl get deployment rancher -n cattle-system -o 'jsonpath={.spec.replicas}')"
}
restore --prune "\"backupFilename\": \"$plain\""
restore --prune "\"backupFilename\": \"$plain\", \"prune\": null, \"storageLocation\": null"
restore --prune "\"backupFilename\": \"$plain\", \"prune\": true, \"storageLocation\": {}, \"deleteTimeoutSeconds\": -5"
restore "" "\"backupFilename\": \"$plain\", \"prune\": false, \"storageLocation\": {\"s3\": null}, \"ignoreErrors\": true"
restore --prune "\"backupFilename\": \"a/b/$in_s3\", \"storageLocation\": {\"s3\": {$bucket, $by_ca, \"clientConfig\": {\"aws\": null}}}"
restore --prune "\"backupFilename\": \"$encrypted\", \"encryptionConfigSecretName\": \"keys\", \"deleteTimeoutSeconds\": 10"
# Names are taken as they stand.
odd='rancher-2020-01-01T00#00#00Z.tar.gz'
cp "$work/store/$plain" "$work/store/$odd"
restore "" "\"backupFilename\": \"$odd\", \"prune\": false"
stop_operator
