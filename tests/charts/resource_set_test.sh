#!/usr/bin/env bash
# holdfast resource-set view, check and rbac on the chart: cells, sources, caveats, exit codes, and
# the role that the chart ships. Needs no cluster. Called by ctest. HOLDFAST: the program.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

view=$(holdfast resource-set view --path "$chart")
has "view" "$view" "ResourceSet: rancher-resource-set-basic" "ResourceSet: rancher-resource-set-full" "Source"
same "the order of sets is fixed" "$(printf 'ResourceSet: %s\n' rancher-resource-set rancher-resource-set-basic rancher-resource-set-full)" \
  "$(grep ^ResourceSet: <<<"$view")"
# row SET NUMBER: cells of the table, one blank between.
row() { awk -v s="$1" -v n="$2" '/^ResourceSet: /{in_set = $2 == s} in_set && $1 == n {$1 = $1; print}' <<<"$view"; }
same "first" "1 resourcesets/default/basic/aks.yaml apiextensions.k8s.io/v1 ~. ~aks.cattle.io$ *" "$(row rancher-resource-set-full 1)"
same "a list and a pattern" "34 resourcesets/default/basic/fleet.yaml rbac.authorization.k8s.io/v1 ~^clusterroles$ gitjob | ~^fleet- *" \
  "$(row rancher-resource-set-full 34)"
same "namespaces" "61 resourcesets/default/basic/rancher.yaml v1 ~^configmaps$ * cattle-system" "$(row rancher-resource-set-basic 61)"
same "twins come from files of their own" "resourcesets/default/sensitive/rancher.yaml" "$(row rancher-resource-set-full 81 | cut -d' ' -f2)"
same "optional" "resourcesets/optional/sensitive/kubewarden.yaml" "$(row rancher-resource-set-full 104 | cut -d' ' -f2)"
same "every selector has a source" "" "$(awk '$1 ~ /^[0-9]+$/ && $2 !~ /^resourcesets\//' <<<"$view")"
same "the same again" "$view" "$(holdfast resource-set view --path "$chart")"
same "the reference's spelling" "$view" "$(holdfast resource-set:view --path "$chart" --output table)"
helm package "$chart" -d "$work" >/dev/null
tgz=$(echo "$work"/rancher-backup-*.tgz)
same "a .tgz" "$view" "$(holdfast resource-set view --path "$tgz")"
yaml=$(holdfast resource-set view --path "$chart" -o yaml)
same "yaml documents" 2 "$(grep -c '^---$' <<<"$yaml")"
awk '/^---$/ { past = 1 } !past' <<<"$yaml" >"$work/first.yaml"
has "yaml is a ResourceSet" "$(holdfast resource-set lint "$work/first.yaml" 2>&1 || true)" "104 selectors"
has "json" "$(holdfast resource-set view --path "$chart" --output json)" "[
  {"

refused "one of --version or --path is required" holdfast resource-set view
refused "--version and --path are mutually exclusive" holdfast resource-set view --path "$chart" --version v1.2.3
refused 'invalid version "1.2": must match ^v\d+\.\d+\.\d+(-[A-Za-z0-9.]+)?$' holdfast resource-set view --version 1.2
refused 'unknown output format "x" (want: table, yaml, json)' holdfast resource-set view --path "$chart" --output x
refused "no Chart.yaml" holdfast resource-set view --path "$work"
refused "$work/none.tgz" holdfast resource-set view --path "$work/none.tgz"
printf 'no archive' >"$work/bad.tgz"
refused "$work/bad.tgz" holdfast resource-set view --path "$work/bad.tgz"
refused "there is no program $work/no-helm" holdfast resource-set view --path "$chart" --helm "$work/no-helm"
HELM='' PATH=/nowhere refused "install Helm" "$HOLDFAST" resource-set view --path "$chart"
mkdir -p "$work/broken/templates" && printf 'apiVersion: v2\nname: broken\nversion: 1.0.0\n' >"$work/broken/Chart.yaml"
printf '{{ fail "does not render" }}' >"$work/broken/templates/a.yaml"
refused "does not render" holdfast resource-set view --path "$work/broken"
printf 'a: b\n' >"$work/broken/templates/a.yaml"
same "a chart without sets" "No ResourceSets found in chart." "$(holdfast resource-set view --path "$work/broken" 2>&1)"
same "which is no failure" 0 "$(holdfast resource-set view --path "$work/broken" >/dev/null 2>&1; echo $?)"

# A release is fetched once; what is no chart is not kept.
mkdir -p "$work/www/v1.2.3" "$work/www/v1.2.4" && cp "$tgz" "$work/www/v1.2.3/rancher-backup-1.2.3.tgz"
printf 'no chart' >"$work/www/v1.2.4/rancher-backup-1.2.4.tgz"
python3 -u -m http.server -d "$work/www" -b 127.0.0.1 0 >"$work/www.log" 2>&1 &
server=$!
until grep -q "Serving" "$work/www.log"; do sleep 0.1; done
releases=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$work/www.log")
same "a release" "$view" "$(holdfast resource-set view --version v1.2.3 --releases "$releases")"
refused "404" holdfast resource-set view --version v9.9.9 --releases "$releases"
refused "rancher-backup-1.2.4.tgz" holdfast resource-set view --version v1.2.4 --releases "$releases"
kill "$server" && wait "$server" || true
same "a release from the cache" "$view" "$(holdfast resource-set view --version v1.2.3 --releases "$releases")"
refused "fetching the chart" holdfast resource-set view --version v1.2.4 --releases "$releases"

check() { holdfast resource-set check --path "$chart" "$@"; }
said=$(check --resource Deployment/rancher-webhook --namespace cattle-system) && code=0 || code=$?
same "not covered" 1 "$code"
same "says so" "No matching ResourceSet rules found for: apps/v1 cattle-system/Deployment/rancher-webhook" "$said"
said=$(check --resource Deployment/aks-config-operator --namespace cattle-system)
has "covered" "$said" "Matching rules for: apps/v1 cattle-system/Deployment/aks-config-operator" "ResourceSet " "Caveats" \
  "rancher-resource-set-basic" "resourcesets/default/basic/aks.yaml"
same "by one rule of each set" 4 "$(grep -c . <<<"$said" | awk '{print $1 - 1}')"
has "caveats" "$(check --resource Secret/c-abc)" "namespace filter not checked (use --namespace to specify one)" \
  "label selector not checked (use --resource-path to include labels)" "field selector not checked (requires live cluster)"
cat >"$work/secret.yaml" <<'YAML'
apiVersion: v1
kind: Secret
metadata: {name: mine, namespace: default, labels: {resources.cattle.io/backup: "true"}}
YAML
said=$(check --resource-path "$work/secret.yaml")
has "a manifest with labels" "$said" "rancher-resource-set-full" "81" "!label selector" "!rancher-resource-set-basic"
has "namespace over the manifest's" "$(check --resource-path "$work/secret.yaml" --namespace cattle-system)" "v1 cattle-system/Secret/mine"
json=$(check --resource-path "$work/secret.yaml" --output json)
same "json" "rancher-resource-set 81 ['files/resourcesets/default/sensitive/rancher.yaml'] v1 None" \
  "$(python3 -c 'import json,sys; r=json.load(sys.stdin)[0]; print(r["ResourceSetName"], r["SelectorIndex"], r["SelectorSources"], r["Selector"]["apiVersion"], r["Caveats"])' <<<"$json")"
same "json of nothing" null "$(check --resource Pod/a --output json || true)"
has "the reference's spelling" "$(holdfast resource-set:check --path "$chart" --resource Namespace/cattle-system)" "Matching rules"
has "another apiVersion" "$(check --resource Thing/a --api-version management.cattle.io/v3)" "management.cattle.io/v3 Thing/a"
refused 'got "Deployment"' check --resource Deployment
refused "one of --resource or --resource-path is required" check
refused "mutually exclusive" check --resource A/b --resource-path x
printf 'metadata: {name: a}\n' >"$work/m.yaml"
refused "missing 'kind' field" check --resource-path "$work/m.yaml"
printf 'kind: A\nmetadata: {}\n' >"$work/m.yaml"
refused "missing 'metadata.name' field" check --resource-path "$work/m.yaml"
refused 'unknown output format "yaml" (want: table, json)' check --resource A/b --output yaml

# The role of rbac.scope=resourcesets is what the ResourceSets ask for.
rbac=$chart/files/rbac
sets=$chart/files/resourcesets
rules() { holdfast resource-set rbac --offline --rules-only "$@" 2>/dev/null; }
printf '# Made by: holdfast resource-set rbac --offline --rules-only files/resourcesets/default/*/*.yaml\n%s\n' \
  "$(rules "$sets"/default/*/*.yaml)" >"$work/resourcesets.yaml"
ok "files/rbac/resourcesets.yaml is up to date" diff "$rbac/resourcesets.yaml" "$work/resourcesets.yaml"
printf '# Made by: holdfast resource-set rbac --offline --rules-only files/resourcesets/optional/*/kubewarden.yaml\n%s\n' \
  "$(rules "$sets"/optional/*/kubewarden.yaml)" >"$work/kubewarden.yaml"
ok "files/rbac/optional/kubewarden.yaml is up to date" diff "$rbac/optional/kubewarden.yaml" "$work/kubewarden.yaml"
role=$(helm template rb "$chart" -n "$ns" --kube-version 1.36.0 --set rbac.scope=resourcesets --show-only templates/clusterrolebinding.yaml)
has "rbac.scope=resourcesets" "$role" "kind: ClusterRole
metadata" "name: rancher-backup" "!cluster-admin" "management.cattle.io" "!kubewarden"
has "with kubewarden" "$(helm template rb "$chart" -n "$ns" --kube-version 1.36.0 --set rbac.scope=resourcesets,optionalResources.kubewarden.enabled=true \
  --show-only templates/clusterrolebinding.yaml)" "policies.kubewarden.io"
refused "holds no ResourceSet" holdfast resource-set rbac --offline "$work/secret.yaml"
refused "no ResourceSet is named" holdfast resource-set rbac --offline
