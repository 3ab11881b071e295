#!/usr/bin/env bash
# The chart's alerts and its dashboard as Prometheus reads them: promtool checks the rules, runs their
# unit tests (alerts.yaml), and parses every query of the dashboard. Called by ctest.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
p=monitoring.prometheusRules
helm template rb "$chart" -n "$ns" --kube-version 1.36.0 --api-versions monitoring.coreos.com/v1 \
  --show-only templates/prometheus-rules.yaml --set $p.defaultAlert.enabled=true,$p.holdfastAlerts.enabled=true \
  --set $p.customRules.enabled=true,$p.customRules.rules[0].alert=Mine,$p.customRules.rules[0].expr=up==0 >"$work/rule.yaml"
awk 'in_spec {print substr($0, 3)} /^spec:/ {in_spec = 1}' "$work/rule.yaml" >"$work/rules.yaml"
ok "promtool check rules" promtool check rules "$work/rules.yaml"
has "groups" "$(cat "$work/rules.yaml")" "name: backup-restore" "name: holdfast" "name: backup-restore-custom"
cp "$root/tests/charts/alerts.yaml" "$work"
ok "unit tests of the alerts" promtool test rules "$work/alerts.yaml"
# Each alert of ours is in them.
for alert in $(sed -n 's/^ *- alert: //p' "$work/rules.yaml" | grep -v '^Mine$'); do
  has "unit tests" "$(cat "$work/alerts.yaml")" "alertname: $alert"
done

"$root/tests/charts/dashboard-queries" "$chart/files/dashboards/holdfast.json" >"$work/queries"
same "the dashboard asks something" yes "$([[ $(wc -l <"$work/queries") -ge 5 ]] && echo yes)"
{
  printf 'groups:\n- name: dashboard\n  rules:\n'
  n=0
  while IFS= read -r query; do printf "  - record: q%s\n    expr: '%s'\n" $((n++)) "${query//\'/\'\'}"; done <"$work/queries"
} >"$work/dashboard.yaml"
ok "the dashboard's queries are PromQL" promtool check rules "$work/dashboard.yaml"
