#!/usr/bin/env bash
# The spread of chunks over the 100 partitions, and its assessment.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
upload collections/tour partitioned "$(sentences 1 10)"
call sluice.v1.DocumentService/GetDocument '{ "name": "collections/tour/documents/partitioned" }'
partition=$(field partition)

printf '\nsluice.v1.PartitionService/GetPartitionHealth:\n'
call sluice.v1.PartitionService/GetPartitionHealth '{}' >/dev/null
[ "$(count '"deviationPercent":')" -eq 100 ] || fail "there are not 100 partitions"
# The verdict follows the partitions.
sed -n '/^  "balance":/,$p' <<<"$answer"
says '"verdict": "VERDICT_'
says '"REASON_'
says '"advice": "ADVICE_'
# Prints only the partition that holds the document.
answer=$(sed -n "/\"partition\": $partition,/,/}/p" <<<"$answer")
printf '%s\n' "$answer"
[ "$(field documents)" -ge 1 ] && [ "$(field chunks)" -ge 1 ] || fail "it holds nothing"
[ "$(field status)" != STATUS_EMPTY ] || fail "it holds nothing"
