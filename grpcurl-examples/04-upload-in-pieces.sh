#!/usr/bin/env bash
# A document in several messages: concatenated JSON is a stream. Each piece has its write_offset;
# crc32c may be left out; sha256 and total_size are checked at the end.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
one=$(sentences 1 30) two=$(sentences 31 60) three=$(sentences 61 90)
whole=$one$two$three
call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "collections/tour", "documentId": "pieces.txt", "requestId": "$(new_id)" },
  "content": "$(printf '%s' "$one" | encode)"
}
{ "writeOffset": ${#one}, "content": "$(printf '%s' "$two" | encode)" }
{ "writeOffset": $((${#one} + ${#two})), "content": "$(printf '%s' "$three" | encode)" }
{
  "writeOffset": ${#whole}, "finishWrite": true,
  "sha256": "$(printf '%s' "$whole" | sha256)", "totalSize": ${#whole}
}
END
expect state STATE_SUCCEEDED
expect committedOffset "${#whole}"
expect committedSha256 "$(printf '%s' "$whole" | sha256)"
