# What looks like a Rancher, and S3, for tests of the charts; sourced after lib.sh.
if [[ ! -x $HOLDFAST_TOOLS/minio || ! -x $HOLDFAST_TOOLS/mc ]]; then
  "$root/testbed/build-tools" minio mc >/dev/null
fi

# Amazon and a MinIO of one's own are the same server here, over TLS with a certificate of its own.
minio_answers_or_ended() {
  mc alias set m "https://$endpoint" access-key secret-key-value || ! kill -0 "${children[-1]}"
}
start_minio() {
  local certs=$work/certs port
  mkdir -p "$certs" "$work/drive"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=minio \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$certs/private.key" -out "$certs/public.crt" 2>/dev/null
  ca=$(base64 -w0 "$certs/public.crt")
  export MINIO_ROOT_USER=access-key MINIO_ROOT_PASSWORD=secret-key-value MINIO_BROWSER=off MINIO_UPDATE=off
  export MINIO_CI_CD=1  # the drive may lie on the machine's root file system
  # Another port when somebody else was faster.
  for ((tries = 0; tries < 5; ++tries)); do
    port=$(free_port)
    endpoint=127.0.0.1:$port
    background "$work/minio.log" "$HOLDFAST_TOOLS/minio" server "$work/drive" --certs-dir "$certs" --address "$endpoint"
    eventually "MinIO" 120 minio_answers_or_ended
    ! kill -0 "${children[-1]}" 2>/dev/null || break
  done
  mc mb m/my-rancher-backups m/rancher-backups >/dev/null
  # Bodies of S3 that name no endpoint, or an empty one, mean Amazon; here they get this one, and its CA.
  at_amazon="endpoint: \"$endpoint\", endpointCA: $ca"
}
mc() { "$HOLDFAST_TOOLS/mc" --config-dir "$work/mc" --insecure --quiet "$@"; }
# `aws s3 ls`: a folder's archives.
archives() { mc ls "m/$1" | awk '{print $NF}' | grep -v '/$' || true; }

# The parts of a Rancher that its restore and the looks at it afterwards touch.
install_rancher() {
  kubectl create namespace cattle-system >/dev/null
  kubectl create deployment rancher -n cattle-system --image=rancher/rancher --replicas=3 >/dev/null
  kubectl create ingress rancher -n cattle-system '--rule=rancher.example.com/*=rancher:80' >/dev/null
}
crd() { # PLURAL GROUP VERSION KIND SCOPE
  cat <<YAML
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: $1.$2}
spec:
  group: $2
  scope: $5
  names: {plural: $1, singular: ${1%s}, kind: $4, listKind: $4List}
  versions:
  - name: $3
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
YAML
}
fill_rancher() {
  { crd users management.cattle.io v3 User Cluster; crd clusters management.cattle.io v3 Cluster Cluster
    crd apps catalog.cattle.io v1 App Namespaced; } | kubectl apply -f - >/dev/null
  kubectl wait --for=condition=Established --timeout=120s crd/users.management.cattle.io \
    crd/clusters.management.cattle.io crd/apps.catalog.cattle.io >/dev/null
  {
    for user in admin alice bob; do
      printf -- '---\n{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: %s}, displayName: %s}\n' $user $user
    done
    cat <<'YAML'
---
{apiVersion: management.cattle.io/v3, kind: Cluster, metadata: {name: c-m-one}, spec: {displayName: one}}
---
{apiVersion: catalog.cattle.io/v1, kind: App, metadata: {name: fleet, namespace: cattle-system}, spec: {name: fleet}}
---
{apiVersion: v1, kind: Secret, metadata: {name: tls-rancher, namespace: cattle-system}, stringData: {tls.key: private-key}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: cattle-system}, data: {a: b}}
YAML
  } >"$work/rancher.yaml"
  eventually "Rancher's objects" 120 kubectl apply -f "$work/rancher.yaml"  # discovery lags behind
}
