#!/usr/bin/env bash
# A second client reads the chunks of a document while the first one still sends it.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
document_id=followed-$(new_id) id=$(new_id)
whole=$(sentences 1 90)
call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "collections/tour", "documentId": "$document_id", "requestId": "$id" },
  "content": "$(printf '%s' "${whole:0:1600}" | encode)"
}
END
expect state STATE_RUNNING
offset=$(field committedOffset)

followed=$(mktemp)
trap 'rm -f "$followed"; kill $(jobs -p) 2>/dev/null || true' EXIT
follow='{ "document": "collections/tour/documents/'$document_id'", "follow": true }'
"$grpcurl" "${options[@]}" -d "$follow" "$address" sluice.v1.ChunkService/StreamChunks >"$followed" &
wait_for "$followed" "This is sentence number 1."

call sluice.v1.UploadService/UploadDocument <<END
{
  "upload": "uploads/$id", "writeOffset": $offset,
  "content": "$(printf '%s' "${whole:offset}" | encode)", "finishWrite": true
}
END
expect state STATE_SUCCEEDED
chunks=$(field chunks)

# The follower receives the rest, and ends with OK like the upload.
wait $!
answer=$(<"$followed")
printf '\n%s\n' "$answer"
[ "$(count '"text":')" -eq "$chunks" ] || fail "not all $chunks chunks have come"
says "This is sentence number 90."
