#!/usr/bin/env bash
# The server makes a document of a file that it has; the client sends no bytes. IMPORT_ROOT is the
# server's import.root, if this machine can access it.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection

# Paths lead below the root. A path with another possible meaning is refused, and the error does not
# repeat it.
for path in ../secret /etc/passwd '%2e%2e/secret' 'C:/secret'; do
    fails 67 INVALID_FIELD sluice.v1.DocumentService/ImportDocument <<END
{ "parent": "collections/tour", "documentId": "imported", "path": "$path" }
END
    says "path must be a relative path"
done

# A server without import.root imports nothing.
if [ -z "${IMPORT_ROOT:-}" ]; then
    fails 73 IMPORT_DISABLED sluice.v1.DocumentService/ImportDocument <<END
{ "parent": "collections/tour", "documentId": "imported", "path": "sentences.txt" }
END
    exit
fi

mkdir -p "$IMPORT_ROOT/a folder"
sentences 1 300 >"$IMPORT_ROOT/a folder/sentences.txt"
fails 69 NOT_FOUND sluice.v1.DocumentService/ImportDocument <<END
{ "parent": "collections/tour", "documentId": "imported", "path": "a folder/none.txt" }
END

# With a request_id, the request can be repeated.
import='{
  "parent": "collections/tour", "documentId": "imported", "path": "a folder/sentences.txt",
  "requestId": "'$(new_id)'"
}'
call sluice.v1.DocumentService/ImportDocument "$import"
expect kind KIND_IMPORT_DOCUMENT
operation=$(field name)
call sluice.v1.DocumentService/ImportDocument "$import"
expect name "$operation"

# The operation runs by itself, and can be watched to its end.
call sluice.v1.OperationService/WatchOperation <<END
{ "name": "$operation" }
END
[ "$(count STATE_SUCCEEDED)" -eq 1 ] || fail "it has not succeeded"

call sluice.v1.DocumentService/GetDocument <<END
{ "name": "collections/tour/documents/imported" }
END
expect sourceSha256 "$(sentences 1 300 | sha256)"
