#!/usr/bin/env bash
# Failures of an upload, and which of them can be corrected.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
content=$(printf '123456789' | encode)
# begin: prints the spec of an upload. The same request_id again resumes the same upload.
begin() {
    id=$(new_id)
    spec='"spec": { "collection": "collections/tour", "documentId": "faulty", "requestId": "'$id'" }'
}

# A gap: the details have the expected offset.
begin
fails 75 UPLOAD_OFFSET_MISMATCH sluice.v1.UploadService/UploadDocument <<END
{ $spec, "writeOffset": 100, "content": "$content" }
END
says '"expected_offset":"0"'

# Damage in transit: the CRC-32C does not match the content. The server accepts the message when it is
# sent again.
fails 74 CONTENT_CHECKSUM_MISMATCH sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$content", "crc32c": 1 }
END
call sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$content", "crc32c": $((0xe3069283)), "finishWrite": true }
END
expect state STATE_SUCCEEDED

# The same content again has the same answer. With other content the same request_id is refused.
call sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$content", "finishWrite": true }
END
expect state STATE_SUCCEEDED
fails 73 REQUEST_ID_REUSED sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$(printf 'something else' | encode)", "finishWrite": true }
END

# Each message begins where the one before it ended: a lower offset is refused.
begin
fails 67 INVALID_FIELD sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$content" }
{ "content": "$content", "finishWrite": true }
END
says 'must be 9'

# A binary source is refused; the error names its format.
begin
fails 67 UNSUPPORTED_CONTENT sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$(printf '%%PDF-1.7\n' | encode)", "finishWrite": true }
END
says 'a PDF document'

# An upload whose source differs from the declared digest fails permanently.
begin
fails 67 DIGEST_MISMATCH sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$content", "sha256": "$(printf '12345678' | sha256)", "finishWrite": true }
END
call sluice.v1.OperationService/GetOperation <<END
{ "name": "operations/$id" }
END
expect state STATE_FAILED
expect failureReason DIGEST_MISMATCH
fails 73 UPLOAD_ENDED sluice.v1.UploadService/UploadDocument <<END
{ $spec, "content": "$content", "finishWrite": true }
END
