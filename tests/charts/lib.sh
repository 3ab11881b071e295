# What the tests of the charts share; sourced. A check that fails is counted and shown, and the test
# goes on; finish, called by a trap, ends it with 1 when there was any.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
chart=$root/charts/rancher-backup
crd_chart=$root/charts/rancher-backup-crd
ns=cattle-resources-system
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-charts-XXXXXX")
checks=0
failures=0
plane=

if [[ ! -x ${HOLDFAST_TOOLS:-}/helm || ! -x ${HOLDFAST_TOOLS:-}/kubectl ]]; then
  HOLDFAST_TOOLS=$("$root/testbed/build-tools" etcd kube-apiserver kube-controller-manager kubectl helm | tail -n 1)
  export HOLDFAST_TOOLS
fi
# Nothing of the user's: no repositories, no plugins, no cluster.
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
export HELM=$HOLDFAST_TOOLS/helm XDG_CACHE_HOME=$work/cache
unset KUBECONFIG
helm() { "$HELM" "$@"; }
kubectl() { "$HOLDFAST_TOOLS/kubectl" "$@"; }
holdfast() { "$HOLDFAST" "$@"; }

finish() {
  local code=$?
  if [[ -n $plane ]]; then
    exec {plane_input}>&-
    wait "$plane" || true
  fi
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
  mkfifo "$input"
  "$TESTBED" up --controller-manager --until-stdin-closes --dir "$work" <"$input" >"$work/up" 2>"$work/up.log" &
  plane=$!
  exec {plane_input}>"$input"
  while [[ ! -s $work/up ]]; do
    kill -0 "$plane" 2>/dev/null || { cat "$work/up.log"; return 1; }
    sleep 0.1
  done
  KUBECONFIG=$(head -n 1 "$work/up")
  export KUBECONFIG
}
