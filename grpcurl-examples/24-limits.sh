#!/usr/bin/env bash
# Limits: every answer has the state of its budget, and the status has the use by principal.
set -euo pipefail
source "$(dirname "$0")/common.sh"

# -v prints the metadata.
plain=("${options[@]}")
options+=(-v)
call sluice.v1.ChunkingService/ListStrategies '{}' >/dev/null
grep -i '^ratelimit' <<<"$answer" || fail "the answer has no ratelimit metadata"
options=("${plain[@]}")

call sluice.v1.LimitService/GetLimitsStatus '{ "pageSize": 10 }'
says '"limit": "admin"'
says '"backend": "BACKEND_'
fails 67 INVALID_FIELD sluice.v1.LimitService/GetLimitsStatus '{ "pageSize": -1 }'
