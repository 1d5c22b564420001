#!/usr/bin/env bash
# StreamDocument answers while the document arrives: acks, committed chunks, and the upload at the end.
# This client requests an ack in the middle, and sends the rest only after it.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkfifo "$folder/requests"
"$grpcurl" "${options[@]}" -d @ "$address" sluice.v1.UploadService/StreamDocument \
    >"$folder/responses" <"$folder/requests" &
exec 3>"$folder/requests"

half=$(sentences 1 60) rest=$(sentences 61 90)
cat >&3 <<END
{
  "write": {
    "spec": { "collection": "collections/tour", "documentId": "stream.txt", "requestId": "$(new_id)" },
    "content": "$(printf '%s' "$half" | encode)"
  },
  "chunks": true, "flush": true, "lookUp": true
}
END
wait_for "$folder/responses" '"ack"'
wait_for "$folder/responses" '"page"'
cat >&3 <<END
{
  "write": {
    "writeOffset": ${#half}, "content": "$(printf '%s' "$rest" | encode)", "finishWrite": true
  }
}
END
exec 3>&-
wait $!

answer=$(<"$folder/responses")
printf '%s\n' "$answer"
says STATE_SUCCEEDED
# Every chunk arrived, once and in order.
ordinals=$(sed -n 's/^ *"ordinal": "\(.*\)",$/\1/p' <<<"$answer")
chunks=$(sed -n 's/^ *"chunks": "\(.*\)",\{0,1\}$/\1/p' <<<"$answer" | tail -n 1)
[ "$ordinals" = "$(seq 0 $((chunks - 1)))" ] || fail "these chunks have come: $ordinals"
