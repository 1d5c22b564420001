#!/usr/bin/env bash
# A stream that ends without finish_write leaves the upload open. A client that knows its name reads the
# committed offset, compares the digest, and resumes from there.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
whole=$(sentences 1 120) id=$(new_id)
sent=2000
call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "collections/tour", "documentId": "resumed.txt", "requestId": "$id" },
  "content": "$(printf '%s' "${whole:0:sent}" | encode)"
}
END
expect state STATE_RUNNING

call sluice.v1.UploadService/GetUpload <<END
{ "name": "uploads/$id" }
END
expect state STATE_RUNNING
offset=$(field committedOffset)
# Fewer bytes than were sent: the end of the last chunk was not decided yet.
[ "$offset" -gt 0 ] && [ "$offset" -lt "$sent" ] || fail "$offset of $sent bytes are committed"
# Checks that the document is still the same.
expect committedSha256 "$(printf '%s' "${whole:0:offset}" | sha256)"

call sluice.v1.UploadService/UploadDocument <<END
{
  "upload": "uploads/$id", "writeOffset": $offset,
  "content": "$(printf '%s' "${whole:offset}" | encode)", "finishWrite": true
}
END
expect state STATE_SUCCEEDED
expect committedSha256 "$(printf '%s' "$whole" | sha256)"
