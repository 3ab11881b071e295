#!/usr/bin/env bash
# The life of an administrator of Rancher Backups, with the commands and the manifests that are usual
# there: install, the three storages, schedules, encryption, monitoring, restore, heartbeat, recovery in a
# new cluster. Called by ctest. TESTBED, HOLDFAST: the programs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$root/tests/charts/rancher.sh"
PATH=$HOLDFAST_TOOLS:$PATH  # scripts call kubectl
completed() { eventually "$1 $2 is completed" 180 says "$1" "$2" Completed; }
field() { kubectl get "$1" "$2" -o "jsonpath={.status.$3}"; }
people() { kubectl get users.management.cattle.io -o 'jsonpath={range .items[*]}{.metadata.name}={.displayName} {end}' 2>/dev/null; }
everybody="admin=admin alice=alice bob=bob "
lose() { kubectl delete users.management.cattle.io alice bob >/dev/null; }

start_minio
start_plane
install_rancher
fill_rancher

# Installing.
ok "Rancher's pods" kubectl get pods -n cattle-system
ok "helm version" helm version
ok "the namespace" kubectl create namespace cattle-resources-system
install_crds
ok "rancher-backup" helm install rancher-backup "$chart" -n cattle-resources-system \
  --no-hooks --set persistence.enabled=true --set persistence.size=10Gi
pod() { [[ $(kubectl get pods -n "$ns" -l app.kubernetes.io/name=rancher-backup -o name) == pod/rancher-backup-* ]]; }
eventually "the pod is made, and found by its label" 120 pod
has "kubectl get crd" "$(kubectl get crd)" backups.resources.cattle.io resourcesets.resources.cattle.io \
  restores.resources.cattle.io
has "kubectl get clusterrolebinding" "$(kubectl get clusterrolebinding rancher-backup -o wide)" cluster-admin
start_operator

# Storage: the volume, S3, MinIO.
backup() { # NAME SPEC
  ok "Backup $1" kubectl apply -f - <<<"{apiVersion: resources.cattle.io/v1, kind: Backup, metadata: {name: $1}, spec: {resourceSetName: rancher-resource-set, $2}}"
}
s3_secret() { # NAME
  kubectl apply -f - <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: $1
  namespace: cattle-resources-system
type: Opaque
stringData:
  accessKey: "access-key"
  secretKey: "secret-key-value"
YAML
}
of_s3() { # FOLDER
  echo "storageLocation: {s3: {bucketName: my-rancher-backups, folder: $1, region: us-east-1, $at_amazon, credentialSecretName: s3-credentials, credentialSecretNamespace: cattle-resources-system}}"
}
ok "s3-credentials" s3_secret s3-credentials
ok "minio-credentials" s3_secret minio-credentials
backup rancher-backup-local 'storageLocation: {s3: null}, retentionCount: 7'
backup rancher-backup-s3 "$(of_s3 rancher), retentionCount: 30"
backup rancher-backup-minio "storageLocation: {s3: {bucketName: rancher-backups, folder: production, region: us-east-1, endpoint: '$endpoint', insecureTLSSkipVerify: true, credentialSecretName: minio-credentials, credentialSecretNamespace: cattle-resources-system}}, retentionCount: 30"
completed backup rancher-backup-local
same "it lies on the volume" "$(field backup rancher-backup-local filename)" "$(ls "$work/store")"
same "as its status says" "PV One-time" "$(kubectl get backup rancher-backup-local -o 'jsonpath={.status.storageLocation} {.status.backupType}')"
completed backup rancher-backup-s3
completed backup rancher-backup-minio
same "in S3" "$(field backup rancher-backup-s3 filename)" "$(archives my-rancher-backups/rancher/)"
same "in MinIO" "$(field backup rancher-backup-minio filename)" "$(archives rancher-backups/production/)"

# Schedules. Each makes its first archive at once, and says when the next one is due.
backup rancher-daily-backup "$(of_s3 daily), schedule: '0 2 * * *', retentionCount: 30"
backup rancher-hourly-backup "$(of_s3 hourly), schedule: '0 * * * *', retentionCount: 168"
backup rancher-weekly-backup "$(of_s3 weekly), schedule: '0 3 * * 0', retentionCount: 52"
for when in daily hourly weekly; do completed backup rancher-$when-backup; done
next() { TZ=UTC LC_ALL=C date -d "$(field backup "rancher-$1-backup" nextSnapshotAt)" "+$2"; }
same "daily" "02:00:00" "$(next daily %T)"
same "hourly" "00:00" "$(next hourly %M:%S)"
same "weekly" "Sun 03:00:00" "$(next weekly '%a %T')"
# A month of days, in seconds: archives come, and the oldest go.
backup rancher-often-backup "$(of_s3 often), schedule: '@every 1s', retentionCount: 2"
often() { archives my-rancher-backups/often/ | sort; }
some() { oldest=$(often | head -n 1) && [[ -n $oldest ]]; }
eventually "the first one" 180 some
gone() { now=$(often) && [[ -n $now ]] && ! grep -qxF "$oldest" <<<"$now"; }
eventually "retention deletes it" 180 gone
kubectl delete backup rancher-often-backup >/dev/null
same "archives stay when their Backup goes" yes "$([[ -n $(often) ]] && echo yes)"

# Encryption.
key=$(head -c 32 /dev/urandom | base64)
ok "backup-encryption-config" kubectl apply -f - <<YAML
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
has "an encrypted archive" "$(archives my-rancher-backups/encrypted/)" rancher-encrypted-backup- .tar.gz.enc
secret_of() { mc cat "m/my-rancher-backups/$1" | tar -xzO secrets.#v1/cattle-system/tls-rancher.json; }
has "what is not encrypted" "$(secret_of "daily/$(archives my-rancher-backups/daily/)")" "$(printf private-key | base64)"
same "what is" k8s:enc:aescbc:v1:key1: \
  "$(secret_of "encrypted/$(archives my-rancher-backups/encrypted/)" | tr -d '"' | base64 -d | head -c 23)"

# Monitoring.
has "kubectl get backups" "$(kubectl get backups.resources.cattle.io -A)" LOCATION TYPE LATEST-BACKUP RESOURCESET STATUS \
  rancher-daily-backup Recurring S3 PV Completed
has "kubectl describe backup" "$(kubectl describe backup rancher-daily-backup)" "Backup Type:" Recurring "Message:" Completed \
  "Next Snapshot At:"
has "the log" "$(cat "$work/operator.log")" rancher-daily-backup !secret-key-value "!$key"
same "the bucket's list" "$(field backup rancher-daily-backup filename)" "$(archives my-rancher-backups/daily/)"

# The restore, with the name that the bucket's list gave.
filename=$(archives my-rancher-backups/daily/)
restore() { # NAME SPEC
  kubectl apply -f - <<<"{apiVersion: resources.cattle.io/v1, kind: Restore, metadata: {name: $1}, spec: {$2, prune: false}}"
}
same "before" "$everybody" "$(people)"
lose
ok "restore.yaml" restore rancher-restore "backupFilename: $filename, $(of_s3 daily)"
completed restore rancher-restore
same "the users are back" "$everybody" "$(people)"
has "kubectl get restores" "$(kubectl get restores.resources.cattle.io)" BACKUP-SOURCE BACKUP-FILE S3 "$filename" Completed
has "kubectl describe restore" "$(kubectl describe restore rancher-restore)" "Restore Completion Ts:" Completed
# Once more, as one does after a failure.
lose
kubectl delete restore rancher-restore >/dev/null
ok "restore.yaml again" restore rancher-restore "backupFilename: $filename, $(of_s3 daily)"
completed restore rancher-restore
same "the users are back once more" "$everybody" "$(people)"
lose
ok "a restore of the encrypted one" restore rancher-restore-encrypted \
  "backupFilename: $(archives my-rancher-backups/encrypted/), $(of_s3 encrypted), encryptionConfigSecretName: backup-encryption-config"
completed restore rancher-restore-encrypted
same "the users are back from it" "$everybody" "$(people)"

# The looks at Rancher afterwards.
look() {
  has "pods" "$(kubectl get pods -n cattle-system)" rancher-
  same "Rancher is scaled up again" 3 "$(kubectl get deployment rancher -n cattle-system -o 'jsonpath={.spec.replicas}')"
  has "clusters" "$(kubectl get clusters.management.cattle.io)" c-m-one
  ok "apps" kubectl get apps -A
  ok "Rancher's restart" kubectl rollout restart deployment rancher -n cattle-system
}
look
has "ingress" "$(kubectl get ingress -n cattle-system)" rancher.example.com

# The heartbeat: a CronJob whose script asks for the Backup's state.
mkdir "$work/www"
: >"$work/www/heartbeat"
background "$work/heartbeat.log" python3 -u -m http.server -d "$work/www" -b 127.0.0.1 0
eventually "a monitor" 60 grep -q Serving "$work/heartbeat.log"
monitor=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$work/heartbeat.log")
heard() { grep -c "GET /heartbeat?$1 " "$work/heartbeat.log" || true; }
backup rancher-monitored-backup "$(of_s3 monitored), schedule: '0 2 * * *', retentionCount: 30"
ok "the CronJob" kubectl apply -f - <<YAML
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
            command:
            - /bin/sh
            - -c
            - |
              ready=\$(kubectl get backup rancher-monitored-backup -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')
              [ "\$ready" = True ] || exit 1
              curl -X GET "$monitor/heartbeat?cronjob"
          restartPolicy: OnFailure
YAML
completed backup rancher-monitored-backup
script=$(kubectl get cronjob backup-heartbeat -n "$ns" -o 'jsonpath={.spec.jobTemplate.spec.template.spec.containers[0].command[2]}')
ok "its script" sh -c "$script"
same "the monitor heard it" 1 "$(heard cronjob)"
# Holdfast's own needs no CronJob.
kubectl create secret generic heartbeat -n "$ns" --from-literal=success="$monitor/heartbeat?own" >/dev/null
backup rancher-heartbeat-backup "$(of_s3 heartbeat), notifications: {heartbeat: {secretName: heartbeat, method: GET}}"
completed backup rancher-heartbeat-backup
eventually "the monitor hears it" 60 grep -q 'GET /heartbeat?own ' "$work/heartbeat.log"

# What it looks like when the credentials are wrong.
kubectl create secret generic wrong -n "$ns" --from-literal=accessKey=no --from-literal=secretKey=nothing >/dev/null
backup denied "storageLocation: {s3: {bucketName: my-rancher-backups, $at_amazon, region: us-east-1, credentialSecretName: wrong, credentialSecretNamespace: $ns}}"
eventually "a refused one" 120 says backup denied Retrying
has "its reason" "$(kubectl describe backup denied)" InvalidAccessKeyId
refused "" sh -c "${script//rancher-monitored-backup/denied}"
same "no heartbeat of a Backup that is not ready" 1 "$(heard cronjob)"
ok "the operator's restart" kubectl rollout restart deployment rancher-backup -n cattle-resources-system

# Recovery: a new cluster with a new Rancher, the charts without a store, the credentials, the Restore.
stop_operator
stop_plane
start_plane
install_rancher
install_crds --create-namespace
ok "rancher-backup" helm install rancher-backup "$chart" -n cattle-resources-system --no-hooks
start_operator
ok "s3-credentials in the new cluster" s3_secret s3-credentials
ok "restore.yaml in the new cluster" restore rancher-restore "backupFilename: $filename, $(of_s3 daily)"
completed restore rancher-restore
same "everybody is in the new cluster" "$everybody" "$(people)"
look
stop_operator
