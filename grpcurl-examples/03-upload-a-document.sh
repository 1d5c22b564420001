#!/usr/bin/env bash
# A small document in one message, and the resource that the server has afterwards.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
text="Hello, Sluice. This is a small document."
id=$(new_id)
call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": {
    "collection": "collections/tour", "documentId": "hello.txt", "requestId": "$id",
    "displayName": "A greeting", "labels": { "values": { "language": "en" } }
  },
  "content": "$(printf '%s' "$text" | encode)",
  "finishWrite": true
}
END
expect name "uploads/$id"
expect state STATE_SUCCEEDED
expect committedOffset "${#text}"
version=$(field version)

call sluice.v1.DocumentService/GetDocument '{ "name": "collections/tour/documents/hello.txt" }'
expect displayName "A greeting"
expect language en
expect currentVersion "$version"
expect sourceBytes "${#text}"
expect sourceSha256 "$(printf '%s' "$text" | sha256)"
