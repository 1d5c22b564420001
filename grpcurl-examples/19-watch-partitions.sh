#!/usr/bin/env bash
# The server sends the health of the partitions again after each change.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
watched=$(mktemp)
trap 'rm -f "$watched"; kill $(jobs -p) 2>/dev/null || true' EXIT
"$grpcurl" "${options[@]}" -d '{}' "$address" \
    sluice.v1.PartitionService/WatchPartitionHealth >"$watched" &

# healths NUMBER: waits for that number of messages; each ends with its verdict.
healths() {
    for _ in {1..200}; do
        if [ "$(grep -cF '"verdict":' "$watched")" -ge "$1" ]; then return; fi
        sleep 0.1
    done
    fail "$1 messages did not arrive"
}
healths 1
upload collections/tour "watched-$(new_id)" "$(sentences 1 10)"
healths 2

# Prints only the verdict of each message.
answer=$(<"$watched")
printf '\nsluice.v1.PartitionService/WatchPartitionHealth:\n'
grep -F '"verdict":' <<<"$answer"
[ "$(count '"deviationPercent":')" -ge 200 ] || fail "there are not twice 100 partitions"
