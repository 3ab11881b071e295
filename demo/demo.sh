#!/usr/bin/env bash
# The main job on a real control plane, start to end. Called by `./dev demo`, which sets
# HOLDFAST and TESTBED (the programs) and HOLDFAST_TOOLS (the folder of kubectl).
set -euo pipefail
objects=${1:-2000}
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-demo-XXXXXX")
store=$work/backups
plane=

finish() {
  local code=$?
  if [[ -n $plane ]]; then
    kill "$plane" 2>/dev/null || true
    wait "$plane" 2>/dev/null || true
  fi
  rm -rf "$work"
  if [[ $code == 0 ]]; then
    printf '\nDEMO PASSED: everything that was destroyed is back.\n'
  else
    printf '\nDEMO FAILED (exit code %s): see the step above.\n' "$code"
  fi
  exit "$code"
}
trap finish EXIT

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
kubectl() { "$HOLDFAST_TOOLS/kubectl" --kubeconfig "$KUBECONFIG" "$@"; }
show() { printf '$ %s\n' "$*" >&2; }
holdfast() {
  show holdfast "${@/#$work\//}"
  "$HOLDFAST" "$@"
}
# How many objects of a resource there are, in all namespaces.
count() { kubectl get "$1" -A -o name | wc -l; }

step "starting a real etcd and kube-apiserver on loopback"
"$TESTBED" up --dir "$work" >"$work/up" 2>"$work/up.log" &
plane=$!
for _ in $(seq 300); do
  [[ -s $work/up ]] && break
  kill -0 "$plane" 2>/dev/null || { cat "$work/up" "$work/up.log"; fail "the control plane did not start"; }
  sleep 0.2
done
KUBECONFIG=$(head -n 1 "$work/up")
export KUBECONFIG
kubectl version | tail -n 1

step "loading $objects Rancher-shaped objects"
kubectl create namespace cattle-resources-system  # where a restore keeps its Lease
"$TESTBED" load --kubeconfig "$KUBECONFIG" --objects "$objects" --seed 7 --resource-set "$work/resourceset.yaml"
users=$(count users.management.cattle.io)
secrets=$(count secrets)
echo "users: $users, secrets: $secrets"

step "what the ResourceSet selects"
holdfast resource-set lint "$work/resourceset.yaml"

step "an encrypted backup of one instant, into a local folder"
key=$(head -c 32 /dev/urandom | base64)
(umask 077; cat >"$work/keys.yaml" <<YAML
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aescbc:
      keys:
      - name: demo
        secret: $key
  - identity: {}
YAML
)
archive=$(holdfast backup --resource-set "$work/resourceset.yaml" --store "$store" --name demo \
  --encryption-config "$work/keys.yaml")
echo "$archive"
holdfast verify "$archive" --store "$store" --encryption-config "$work/keys.yaml"

step "disaster: a CRD goes with all its objects, secrets are deleted, others are changed"
kubectl delete crd users.management.cattle.io --wait=true
kubectl get secrets -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name --no-headers |
  sort | sed -n '1~3p' | while read -r ns name; do
    kubectl delete secret -n "$ns" "$name" --wait=false >/dev/null
  done
kubectl get configmaps -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name --no-headers |
  grep -v kube- | sort | sed -n '1,5p' | while read -r ns name; do
    kubectl patch configmap -n "$ns" "$name" --type merge -p '{"data":{"broken":"yes"}}' >/dev/null
  done
echo "users: none, not even the resource; secrets: $(count secrets) of $secrets"

step "what a restore would do"
holdfast restore "$archive" --store "$store" --encryption-config "$work/keys.yaml" --plan >"$work/plan"
sed -n '1,8p' "$work/plan"
echo "... ($(wc -l <"$work/plan") lines)"

step "the restore"
holdfast restore "$archive" --store "$store" --encryption-config "$work/keys.yaml"

step "is anything missing?"
[[ $(count users.management.cattle.io) == "$users" ]] || fail "users: $(count users.management.cattle.io) of $users"
[[ $(count secrets) == "$secrets" ]] || fail "secrets: $(count secrets) of $secrets"
echo "users: $users of $users, secrets: $secrets of $secrets"
holdfast restore "$archive" --store "$store" --encryption-config "$work/keys.yaml" --plan -o json >"$work/second"
grep -q '"nothingToDo": true' "$work/second" || { cat "$work/second"; fail "a second restore finds something to do"; }
echo "a second restore finds nothing to do"
holdfast diff "$archive" --store "$store" --encryption-config "$work/keys.yaml" | tee "$work/diff"
grep -q '^0 only in .* 0 only in .* 0 changed' "$work/diff" || fail "archive and cluster differ"
