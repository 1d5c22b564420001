#!/usr/bin/env bash
# How the chunks are spread over the 100 partitions, and whether that is even.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
upload collections/tour partitioned "$(sentences 1 10)"
call sluice.v1.DocumentService/GetDocument '{ "name": "collections/tour/documents/partitioned" }'
partition=$(field partition)

printf '\nsluice.v1.PartitionService/GetPartitionHealth:\n'
call sluice.v1.PartitionService/GetPartitionHealth '{}' >/dev/null
[ "$(count '"deviationPercent":')" -eq 100 ] || fail "there are not 100 partitions"
# The verdict is behind them.
sed -n '/^  "balance":/,$p' <<<"$answer"
says '"verdict": "VERDICT_'
says '"REASON_'
says '"advice": "ADVICE_'
# Only the one that holds the document is shown here.
answer=$(sed -n "/\"partition\": $partition,/,/}/p" <<<"$answer")
printf '%s\n' "$answer"
[ "$(field documents)" -ge 1 ] && [ "$(field chunks)" -ge 1 ] || fail "it holds nothing"
[ "$(field status)" != STATUS_EMPTY ] || fail "it holds nothing"
