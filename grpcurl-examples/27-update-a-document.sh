#!/usr/bin/env bash
# The labels of a document change without an upload. An upload that began before and sets them fails.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
name=collections/tour/documents/minutes-$(new_id)
spec() {
    printf '"spec": { "collection": "collections/tour", "documentId": "%s", "requestId": "%s", %s }' \
        "${name##*/}" "$1" '"labels": { "values": { "access": "all" } }'
}
call sluice.v1.UploadService/UploadDocument <<END >/dev/null
{ $(spec "$(new_id)"), "content": "$(printf 'The minutes.' | encode)", "finishWrite": true }
END

# A second upload begins, which sets the labels again.
id=$(new_id)
call sluice.v1.UploadService/UploadDocument <<END
{ $(spec "$id"), "content": "$(printf 'The new ' | encode)" }
END
expect state STATE_RUNNING

# Only the staff may read the minutes from now on.
call sluice.v1.DocumentService/UpdateDocument <<END
{ "document": { "name": "$name", "labels": { "access": "staff" } }, "updateMask": { "paths": ["labels"] } }
END
expect access staff
expect currentVersion 1

# The upload cannot bring the old labels back.
fails 74 METADATA_CHANGED sluice.v1.UploadService/UploadDocument <<END
{ "upload": "uploads/$id", "writeOffset": "8", "content": "$(printf 'minutes.' | encode)", "finishWrite": true }
END

# An update with an old etag is refused.
fails 74 ETAG_MISMATCH sluice.v1.DocumentService/UpdateDocument <<END
{
  "document": { "name": "$name", "labels": { "access": "all" }, "etag": "\"1\"" },
  "updateMask": { "paths": ["labels"] }
}
END

call sluice.v1.DocumentService/DeleteDocument "{ \"name\": \"$name\" }" >/dev/null
