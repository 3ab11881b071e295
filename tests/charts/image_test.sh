#!/usr/bin/env bash
# The image without an engine: its root file system is made by the Containerfile's own step, and the
# program is started in it, by chroot, as the image's user. Called by ctest. HOLDFAST: the program.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
file=$root/Containerfile
rootfs=$work/rootfs
unset TSAN_OPTIONS  # its suppressions lie outside of the image
ok "make-rootfs" "$root/scripts/make-rootfs" "$rootfs" "$HOLDFAST"
has "the Containerfile makes the same" "$(cat "$file")" "scripts/make-rootfs /rootfs build/release/holdfast" \
  "COPY --from=build /rootfs /"
entrypoint=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' "$file")
user=$(sed -n 's/^USER //p' "$file")
same "the user is no name, which runAsNonRoot could not check" 1000:1000 "$user"

# With a /proc, as containers have it.
within() {
  local as=(unshare --mount --pid --fork "--mount-proc=$rootfs/proc")
  [[ $(id -u) == 0 ]] || as+=(--user --map-root-user --setgroups=allow)
  "${as[@]}" chroot --userspec="$user" "$rootfs" "$@"
}
has "starts" "$(within /usr/bin/holdfast version 2>&1)" holdfast
has "the entrypoint is the operator" "$(within "$entrypoint" --version 2>&1)" backup-restore-operator
refused "chart namespace is required" within "$entrypoint"
cat >"$rootfs/tmp/set.yaml" <<'YAML'
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: a}
resourceSelectors: [{apiVersion: v1, kinds: [secrets]}]
YAML
has "works" "$(within /usr/bin/holdfast resource-set lint /tmp/set.yaml 2>&1)" "valid, 1 selectors"
refused "" within /bin/sh -c true
same "no set-user-id programs" "" "$(find "$rootfs" -perm /6000 -type f)"
same "nothing is writable for its user but what volumes lie on" "/encryption /tmp /var/lib/backups" \
  "$(cd "$rootfs" && find . \( -perm -o+w -o -uid 1000 \) -type d ! -path './tmp/*' | sed 's/^\.//' | sort | tr '\n' ' ' | sed 's/ $//')"
ok "certificates" test -s "$rootfs/etc/ssl/certs/ca-certificates.crt"
ok "time zones" test -s "$rootfs/usr/share/zoneinfo/Europe/Berlin"
refused "is there already" "$root/scripts/make-rootfs" "$rootfs" "$HOLDFAST"
