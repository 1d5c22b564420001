#!/usr/bin/env bash
# The health of the partitions is told again whenever it has changed.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
watched=$(mktemp)
trap 'rm -f "$watched"; kill $(jobs -p) 2>/dev/null || true' EXIT
"$grpcurl" "${options[@]}" -d '{}' "$address" \
    sluice.v1.PartitionService/WatchPartitionHealth >"$watched" &

# healths NUMBER: waits until so many were told; each ends with its verdict.
healths() {
    for _ in {1..200}; do
        if [ "$(grep -cF '"verdict":' "$watched")" -ge "$1" ]; then return; fi
        sleep 0.1
    done
    fail "$1 healths did not come"
}
healths 1
upload collections/tour "watched-$(new_id)" "$(sentences 1 10)"
healths 2

# Of each only the verdict is shown here.
answer=$(<"$watched")
printf '\nsluice.v1.PartitionService/WatchPartitionHealth:\n'
grep -F '"verdict":' <<<"$answer"
[ "$(count '"deviationPercent":')" -ge 200 ] || fail "there are not twice 100 partitions"
