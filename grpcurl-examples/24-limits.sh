#!/usr/bin/env bash
# Limits: every answer says how its budget stands, and the status says what is used, and by whom.
set -euo pipefail
source "$(dirname "$0")/common.sh"

# Metadata is shown.
plain=("${options[@]}")
options+=(-v)
call sluice.v1.ChunkingService/ListStrategies '{}' >/dev/null
grep -i '^ratelimit' <<<"$answer" || fail "the answer does not say how its budget stands"
options=("${plain[@]}")

call sluice.v1.LimitService/GetLimitsStatus '{ "pageSize": 10 }'
says '"limit": "admin"'
says '"backend": "BACKEND_'
fails 67 INVALID_FIELD sluice.v1.LimitService/GetLimitsStatus '{ "pageSize": -1 }'
