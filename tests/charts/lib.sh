# What the tests of the charts share; sourced. A check that fails is counted and shown, and the test
# goes on; finish, called by a trap, ends it with 1 when there was any.
set -euo pipefail
: "${HOLDFAST:?} ${TESTBED:?}"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
chart=$root/charts/rancher-backup
crd_chart=$root/charts/rancher-backup-crd
ns=cattle-resources-system
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-charts-XXXXXX")
checks=0
failures=0
plane=
plane_input=
operator=
children=()  # ended with the test

if [[ ! -x ${HOLDFAST_TOOLS:-}/helm || ! -x ${HOLDFAST_TOOLS:-}/kubectl ]]; then
  HOLDFAST_TOOLS=$("$root/testbed/build-tools" etcd kube-apiserver kube-controller-manager kubectl helm | tail -n 1)
  export HOLDFAST_TOOLS
fi
# Nothing of the user's: no repositories, no plugins, no cluster.
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
export HELM=$HOLDFAST_TOOLS/helm XDG_CACHE_HOME=$work/cache KUBECACHEDIR=$work/cache/kubectl
unset KUBECONFIG
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
helm() { "$HELM" "$@"; }
kubectl() { "$HOLDFAST_TOOLS/kubectl" "$@"; }
holdfast() { "$HOLDFAST" "$@"; }

finish() {
  local code=$? child
  if [[ -n $plane ]] && ! kill -0 "$plane" 2>/dev/null; then
    printf 'the control plane has ended by itself: %s\n' "$(cat "$work/up.log")"
  fi
  stop_operator
  for child in "${children[@]}"; do
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  done
  stop_plane
  [[ $code == 0 ]] || printf 'the test stopped at an error (exit code %s)\n' "$code"
  rm -rf "$work"
  printf '%s checks, %s failed\n' "$checks" "$failures"
  [[ $code == 0 && $failures == 0 && $checks -gt 0 ]]
}
trap finish EXIT

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n' "$*"
}

# same WHAT EXPECTED ACTUAL
same() {
  checks=$((checks + 1))
  [[ $2 == "$3" ]] || fail "$1: expected \"$2\", got \"$3\""
}

# has WHAT TEXT PART...: TEXT holds every PART, and no PART that is given as `!PART`.
has() {
  local what=$1 text=$2 part
  shift 2
  for part; do
    checks=$((checks + 1))
    if [[ $part == !* ]]; then
      [[ $text != *"${part#!}"* ]] || fail "$what: has \"${part#!}\" in: $text"
    else
      [[ $text == *"$part"* ]] || fail "$what: lacks \"$part\" in: $text"
    fi
  done
}

# ok WHAT COMMAND...: ends with 0.
ok() {
  local what=$1 said
  shift
  checks=$((checks + 1))
  said=$("$@" 2>&1) || fail "$what: $said"
}

# refused PART COMMAND...: does not end with 0, and says PART.
refused() {
  local part=$1 said
  shift
  checks=$((checks + 1))
  if said=$("$@" 2>&1); then
    fail "was not refused (\"$part\"): $*"
  elif [[ $said != *"$part"* ]]; then
    fail "was refused, but not by \"$part\": $said"
  fi
}

# eventually WHAT SECONDS COMMAND...: ends with 0 some time within them.
eventually() {
  local what=$1 until=$((SECONDS + $2))
  shift 2
  checks=$((checks + 1))
  until "$@" >"$work/eventually" 2>&1; do
    if ((SECONDS > until)); then
      fail "$what: $(cat "$work/eventually")"
      return 0
    fi
    sleep 0.2
  done
}

# A control plane with everything that runs in one but kubelets; sets KUBECONFIG.
start_plane() {
  local input=$work/plane.input
  rm -f "$input" "$work/up"
  mkfifo "$input"
  "$TESTBED" up --controller-manager --until-stdin-closes --dir "$work" <"$input" >"$work/up" 2>"$work/up.log" &
  plane=$!
  exec {plane_input}<>"$input"  # does not wait for a reader that failed to start
  while [[ ! -s $work/up ]]; do
    kill -0 "$plane" 2>/dev/null || { cat "$work/up.log"; return 1; }
    sleep 0.1
  done
  KUBECONFIG=$(head -n 1 "$work/up")
  export KUBECONFIG
}

# install_crds [FLAG...]: the CRDs' chart. Helm asks the server's discovery before it installs the next
# chart, and discovery lags behind the CRDs.
install_crds() {
  ok "rancher-backup-crd" helm install rancher-backup-crd "$crd_chart" -n "$ns" "$@"
  eventually "the CRDs are discovered" 60 crds_are_discovered
}
crds_are_discovered() {
  local found
  found=$(kubectl api-resources --api-group=resources.cattle.io --no-headers -o name)
  [[ $(wc -l <<<"$found") == 3 ]] || { printf '%s\n' "$found"; return 1; }
}

# background LOG COMMAND...: until the test ends. It does not keep the control plane's input open.
background() {
  local log=$1
  shift
  (
    [[ -z $plane_input ]] || exec {plane_input}>&-
    exec "$@"
  ) >"$log" 2>&1 &
  children+=($!)
}

stop_plane() {
  [[ -n $plane ]] || return 0
  [[ -z $plane_input ]] || exec {plane_input}>&-
  plane_input=
  wait "$plane" || true
  plane=
}

# The operator as the chart's Deployment says: its arguments and environment, and the token of its
# ServiceAccount; it listens, and keeps the default folder, where this test can reach them. NAME=VALUE
# words win over the Deployment's. Sets operator_url; standard error goes to $work/operator.log.
start_operator() {
  local config=$work/operator.kubeconfig env=() line
  kubectl get deployment rancher-backup -n "$ns" >/dev/null  # without it the test ends here
  kubectl config view --raw --flatten >"$config"
  kubectl --kubeconfig "$config" config set-credentials operator \
    --token="$(kubectl create token rancher-backup -n "$ns")" >/dev/null
  kubectl --kubeconfig "$config" config set-context --current --user=operator >/dev/null
  while IFS= read -r line; do
    [[ $line == *= || -z $line ]] || env+=("$line")
  done < <(kubectl get deployment rancher-backup -n "$ns" \
    -o 'jsonpath={range .spec.template.spec.containers[0].env[*]}{.name}={.value}{"\n"}{end}')
  mkdir -p "$work/store" "$work/encryption"
  ln -sf "$HOLDFAST" "$work/backup-restore-operator"
  env -u HTTP_PROXY -u HTTPS_PROXY "${env[@]}" ENCRYPTION_PROVIDER_LOCATION="$work/encryption" \
    HOLDFAST_PERSISTENCE_DIR="$work/store" HOLDFAST_LISTEN=127.0.0.1:0 "$@" \
    "$work/backup-restore-operator" --kubeconfig "$config" >"$work/operator.out" 2>"$work/operator.log" &
  operator=$!
  eventually "the operator leads" 60 grep -q ' leading ' "$work/operator.log"
  operator_url=http://127.0.0.1:$(sed -n 's/.*listening port=\([0-9]*\).*/\1/p' "$work/operator.log" | head -n 1)
}

# By SIGTERM, as a kubelet does.
stop_operator() {
  local code=0
  [[ -n $operator ]] || return 0
  kill "$operator" 2>/dev/null || true
  wait "$operator" || code=$?
  operator=
  same "the operator's end" 0 "$code"
}

# says KIND NAME TEXT: Ready's message is this one.
says() {
  local ready
  ready=$(kubectl get "$1" "$2" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}')
  [[ $ready == "$3" ]] || { kubectl get "$1" "$2" -o 'jsonpath={.status}'; tail -n 5 "$work/operator.log"; return 1; }
}

# A port that nobody listens on, below those that the kernel takes for outgoing connections. Another
# program may still be faster.
free_port() {
  python3 - <<'PYTHON'
import random
import socket

while True:
    port = random.randint(20000, 31999)
    try:
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break
PYTHON
}
