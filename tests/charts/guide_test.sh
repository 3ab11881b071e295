#!/usr/bin/env bash
# A published guide to Rancher Backups, followed line by line: install, the three storages, schedules,
# encryption, monitoring, restore, heartbeat, recovery in a new cluster. Other than in the guide are
# only the charts' place, endpoints and their CA, credentials and keys, and the archive's name in the
# Restore. Called by ctest. TESTBED, HOLDFAST: the programs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if [[ ! -x $HOLDFAST_TOOLS/minio || ! -x $HOLDFAST_TOOLS/mc ]]; then
  "$root/testbed/build-tools" minio mc >/dev/null
fi

# Amazon and a MinIO of one's own are the same server here, over TLS with a certificate of its own.
start_minio() {
  local certs=$work/certs port
  mkdir -p "$certs" "$work/drive"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=minio \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$certs/private.key" -out "$certs/public.crt" 2>/dev/null
  port=$(free_port)
  MINIO_ROOT_USER=guide MINIO_ROOT_PASSWORD=guide-password "$HOLDFAST_TOOLS/minio" server "$work/drive" --certs-dir "$certs" \
    --address "127.0.0.1:$port" >"$work/minio.log" 2>&1 &
  children+=($!)
  endpoint=127.0.0.1:$port
  ca=$(base64 -w0 "$certs/public.crt")
  mc() { "$HOLDFAST_TOOLS/mc" --config-dir "$work/mc" --insecure --quiet "$@"; }
  eventually "MinIO" 60 mc alias set m "https://$endpoint" guide guide-password
  mc mb m/my-rancher-backups m/rancher-backups >/dev/null
}
start_minio
# The lines of the guide's S3 blocks that name no endpoint get this one, and its CA.
at_amazon="endpoint: \"$endpoint\", endpointCA: $ca"

# A folder's archives in the bucket: `aws s3 ls` in the guide.
archives() { mc ls "m/$1" | awk '{print $NF}' | grep -v '/$' || true; }
completed() { eventually "$1 $2 is completed" 90 says "$1" "$2" Completed; }

start_plane
"$TESTBED" load --kubeconfig "$KUBECONFIG" --objects 300 --seed 3 >/dev/null 2>&1

# Installing.
kubectl get pods -n cattle-system >/dev/null 2>&1 || fail "kubectl get pods -n cattle-system"
ok "helm version" helm version
install_charts() { # ARGUMENTS...
  ok "install rancher-backup-crd" helm install rancher-backup-crd "$crd_chart" -n "$ns" --create-namespace
  ok "install rancher-backup" helm install rancher-backup "$chart" -n "$ns" --no-hooks "$@"
}
kubectl get namespace "$ns" >/dev/null 2>&1 || ok "namespace" kubectl create namespace "$ns"
install_charts --set persistence.enabled=true --set persistence.size=10Gi
eventually "the pod is made" 60 bash -c "'$HOLDFAST_TOOLS/kubectl' get pods -n $ns -o name | grep rancher-backup-"
same "CRDs" "backups.resources.cattle.io resourcesets.resources.cattle.io restores.resources.cattle.io" \
  "$(kubectl get crd -o name | grep 'resources.cattle.io' | sed 's|.*/||' | tr '\n' ' ' | sed 's/ $//')"
has "kubectl get crd | grep backup" "$(kubectl get crd | grep backup)" backups.resources.cattle.io
start_operator

# Storage, option 1: the volume.
backup() { # NAME SPEC
  ok "apply Backup $1" kubectl apply -f - <<<"{apiVersion: resources.cattle.io/v1, kind: Backup, metadata: {name: $1}, spec: {resourceSetName: rancher-resource-set, $2}}"
}
backup rancher-backup-local 'storageLocation: {s3: null}, retentionCount: 7'
completed backup rancher-backup-local
same "it lies on the volume" "$(kubectl get backup rancher-backup-local -o 'jsonpath={.status.filename}')" "$(ls "$work/store")"
same "which status says" "PV One-time" "$(kubectl get backup rancher-backup-local -o 'jsonpath={.status.storageLocation} {.status.backupType}')"

# Option 2: S3, and option 3: MinIO.
s3_secret() { # NAME
  kubectl apply -f - <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: $1
  namespace: cattle-resources-system
type: Opaque
stringData:
  accessKey: "guide"
  secretKey: "guide-password"
YAML
}
ok "s3-secret.yaml" s3_secret s3-credentials
s3_secret minio-credentials >/dev/null
of_s3() { # FOLDER
  echo "storageLocation: {s3: {bucketName: my-rancher-backups, folder: $1, region: us-east-1, $at_amazon, credentialSecretName: s3-credentials, credentialSecretNamespace: cattle-resources-system}}"
}
backup rancher-backup-s3 "$(of_s3 rancher), retentionCount: 30"
backup rancher-backup-minio "storageLocation: {s3: {bucketName: rancher-backups, folder: production, region: us-east-1, endpoint: '$endpoint', insecureTLSSkipVerify: true, credentialSecretName: minio-credentials, credentialSecretNamespace: cattle-resources-system}}, retentionCount: 30"
completed backup rancher-backup-s3
completed backup rancher-backup-minio
same "in the bucket" "$(kubectl get backup rancher-backup-s3 -o 'jsonpath={.status.filename}')" "$(archives my-rancher-backups/rancher/)"
same "in MinIO's" "$(kubectl get backup rancher-backup-minio -o 'jsonpath={.status.filename}')" "$(archives rancher-backups/production/)"

# Schedules. Each makes its first archive at once, and says when the next one is due.
backup rancher-daily-backup "$(of_s3 daily), schedule: '0 2 * * *', retentionCount: 30"
backup rancher-hourly-backup "$(of_s3 hourly), schedule: '0 * * * *', retentionCount: 168"
backup rancher-weekly-backup "$(of_s3 weekly), schedule: '0 3 * * 0', retentionCount: 52"
for when in daily hourly weekly; do completed backup rancher-$when-backup; done
next() { date -u -d "$(kubectl get backup "rancher-$1-backup" -o 'jsonpath={.status.nextSnapshotAt}')" "+$2"; }
same "daily" "02:00:00" "$(next daily %T)"
same "hourly" "00:00" "$(next hourly %M:%S)"
same "weekly" "Sun 03:00:00" "$(LC_ALL=C next weekly '%a %T')"
# What the guide waits a day for, in seconds.
backup rancher-often-backup "$(of_s3 often), schedule: '@every 2s', retentionCount: 2"
first() { archives my-rancher-backups/often/ | sort | head -n 1; }
eventually "two archives" 60 bash -c "[[ \$('$HOLDFAST_TOOLS/mc' --config-dir '$work/mc' --insecure ls m/my-rancher-backups/often/ | grep -c tar.gz) == 2 ]]"
oldest=$(first)
gone() { ! archives my-rancher-backups/often/ | grep -qxF "$oldest"; }
eventually "retention deletes the oldest" 60 gone
kubectl delete backup rancher-often-backup >/dev/null
same "archives stay when their Backup goes" yes "$([[ -n $(first) ]] && echo yes)"

# Encryption.
key=$(head -c 32 /dev/urandom | base64)
ok "encryption-config.yaml" kubectl apply -f - <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: backup-encryption-config
  namespace: cattle-resources-system
type: Opaque
stringData:
  encryption-provider-config.yaml: |
    apiVersion: apiserver.config.k8s.io/v1
    kind: EncryptionConfiguration
    resources:
      - resources:
          - secrets
        providers:
          - aescbc:
              keys:
                - name: key1
                  secret: $key
          - identity: {}
YAML
backup rancher-encrypted-backup "$(of_s3 encrypted), encryptionConfigSecretName: backup-encryption-config, schedule: '0 2 * * *', retentionCount: 30"
completed backup rancher-encrypted-backup
has "an encrypted archive" "$(archives my-rancher-backups/encrypted/)" .tar.gz.enc

# Monitoring.
listed=$(kubectl get backups.resources.cattle.io -A)
has "kubectl get backups" "$listed" LOCATION TYPE LATEST-BACKUP RESOURCESET STATUS rancher-daily-backup Recurring S3 PV Completed
described=$(kubectl describe backup rancher-daily-backup)
has "kubectl describe backup" "$described" "Backup Type:" Recurring "Message:" Completed "Next Snapshot At:"
has "the operator's log" "$(cat "$work/operator.log")" rancher-daily-backup "!guide-password" "!$key"
same "aws s3 ls" "$(kubectl get backup rancher-daily-backup -o 'jsonpath={.status.filename}')" "$(archives my-rancher-backups/daily/)"

# The restore, with the name that the listing gave.
filename=$(archives my-rancher-backups/daily/)
users() { kubectl get users.management.cattle.io -o name 2>/dev/null | sort; }
before=$(users)
same "there are users to lose" yes "$([[ $(wc -l <<<"$before") -gt 5 ]] && echo yes)"
lose() { kubectl get users.management.cattle.io -o name | head -n 5 | xargs "$HOLDFAST_TOOLS/kubectl" delete >/dev/null; }
lose
restore() { # NAME SPEC
  kubectl apply -f - <<<"{apiVersion: resources.cattle.io/v1, kind: Restore, metadata: {name: $1}, spec: {$2, prune: false}}"
}
ok "restore.yaml" restore rancher-restore "backupFilename: $filename, $(of_s3 daily)"
completed restore rancher-restore
same "the users are back" "$before" "$(users)"
has "kubectl get restores" "$(kubectl get restores.resources.cattle.io)" BACKUP-SOURCE BACKUP-FILE S3 "$filename" Completed
has "kubectl describe restore" "$(kubectl describe restore rancher-restore)" "Restore Completion Ts:" Completed
lose
ok "a restore of the encrypted one" restore rancher-restore-encrypted \
  "backupFilename: $(archives my-rancher-backups/encrypted/), $(of_s3 encrypted), encryptionConfigSecretName: backup-encryption-config"
completed restore rancher-restore-encrypted
same "the users are back again" "$before" "$(users)"
for command in "get pods -n cattle-system" "get ingress -n cattle-system" "get clusters.management.cattle.io"; do
  # shellcheck disable=SC2086
  ok "kubectl $command" kubectl $command
done

# The heartbeat: the guide's CronJob, and what its script does.
backup rancher-monitored-backup "$(of_s3 monitored), schedule: '0 2 * * *', retentionCount: 30"
completed backup rancher-monitored-backup
# shellcheck disable=SC2016
ok "the CronJob" kubectl apply -f - <<'YAML'
apiVersion: batch/v1
kind: CronJob
metadata:
  name: backup-heartbeat
  namespace: cattle-resources-system
spec:
  schedule: "30 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: heartbeat
            image: curlimages/curl:latest
            command: [/bin/sh, -c, "kubectl get backup rancher-monitored-backup"]
          restartPolicy: OnFailure
YAML
same "what the CronJob asks" True \
  "$(kubectl get backup rancher-monitored-backup -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')"
# And Holdfast's own, which needs no CronJob.
mkdir "$work/www"
python3 -u -m http.server -d "$work/www" -b 127.0.0.1 0 >"$work/heartbeat.log" 2>&1 &
children+=($!)
eventually "a monitor" 20 grep -q Serving "$work/heartbeat.log"
monitor=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$work/heartbeat.log")
kubectl create secret generic heartbeat -n "$ns" --from-literal=success="$monitor/heartbeat/id" >/dev/null
backup rancher-heartbeat-backup "$(of_s3 heartbeat), notifications: {heartbeat: {secretName: heartbeat, method: GET}}"
completed backup rancher-heartbeat-backup
eventually "the heartbeat" 20 grep -q 'GET /heartbeat/id' "$work/heartbeat.log"

# Troubleshooting: what it looks like when the credentials are wrong.
kubectl create secret generic wrong -n "$ns" --from-literal=accessKey=no --from-literal=secretKey=nothing >/dev/null
backup denied "storageLocation: {s3: {bucketName: my-rancher-backups, $at_amazon, region: us-east-1, credentialSecretName: wrong, credentialSecretNamespace: $ns}}"
eventually "a refused one" 60 says backup denied Retrying
has "its reason" "$(kubectl describe backup denied)" "InvalidAccessKeyId"
has "kubectl get clusterrolebinding" "$(kubectl get clusterrolebinding | grep rancher-backup)" cluster-admin

# Recovery: a new cluster, the charts without a store, the credentials, the Restore.
stop_operator
stop_plane
start_plane
install_charts
start_operator
ok "s3-secret.yaml in the new cluster" s3_secret s3-credentials
ok "restore.yaml in the new cluster" restore rancher-restore "backupFilename: $filename, $(of_s3 daily)"
completed restore rancher-restore
same "everybody is in the new cluster" "$before" "$(users)"
stop_operator
