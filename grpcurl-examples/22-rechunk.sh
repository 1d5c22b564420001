#!/usr/bin/env bash
# The server chunks a stored document in another way, without the client sending it again.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
upload collections/tour rechunked "$(sentences 1 300)"
call sluice.v1.DocumentService/GetDocument <<END
{ "name": "collections/tour/documents/rechunked" }
END
digest=$(field sourceSha256) chunks=$(field chunks) version=$(field currentVersion)

# With a request_id, the request can be repeated.
rechunk='{
  "name": "collections/tour/documents/rechunked", "requestId": "'$(new_id)'",
  "chunking": { "strategy": "STRATEGY_SENTENCE", "maxSize": 500, "overlap": 100 }
}'
call sluice.v1.DocumentService/RechunkDocument "$rechunk"
expect kind KIND_RECHUNK_DOCUMENT
operation=$(field name)
call sluice.v1.DocumentService/RechunkDocument "$rechunk"
expect name "$operation"

# The operation runs by itself, and can be watched to its end.
call sluice.v1.OperationService/WatchOperation <<END
{ "name": "$operation" }
END
[ "$(count STATE_SUCCEEDED)" -eq 1 ] || fail "it has not succeeded"

# A new version of the same source, with fewer chunks.
call sluice.v1.DocumentService/GetDocument <<END
{ "name": "collections/tour/documents/rechunked" }
END
expect sourceSha256 "$digest"
[ "$(field currentVersion)" -gt "$version" ] || fail "there is no new version"
[ "$(field chunks)" -lt "$chunks" ] || fail "there are not fewer chunks"

# A rechunk accepts no bytes from clients, and a missing document cannot be rechunked.
fails 73 NOT_A_CLIENT_UPLOAD sluice.v1.UploadService/UploadDocument <<END
{ "upload": "uploads/${operation#*/}", "content": "" }
END
fails 69 NOT_FOUND sluice.v1.DocumentService/RechunkDocument <<END
{ "name": "collections/tour/documents/none" }
END

# An unfinished upload of the document blocks a rechunk, and stays open.
id=$(new_id)
call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "collections/tour", "documentId": "rechunked", "requestId": "$id" },
  "content": "$(sentences 1 60 | encode)"
}
END
fails 73 UPLOAD_RUNNING sluice.v1.DocumentService/RechunkDocument <<END
{ "name": "collections/tour/documents/rechunked" }
END
call sluice.v1.UploadService/CancelUpload <<END
{ "name": "uploads/$id" }
END
expect state STATE_CANCELLED
