#!/usr/bin/env bash
# The name of a deleted document or collection disappears at once; the operation ends with its last
# chunk.
set -euo pipefail
source "$(dirname "$0")/common.sh"

collection=collections/tour-$(new_id)
call sluice.v1.CollectionService/CreateCollection <<END >/dev/null
{ "collectionId": "${collection#*/}" }
END
for document in one two; do upload "$collection" $document "$(sentences 1 200)"; done
chunks=$(field chunks)

call sluice.v1.DocumentService/GetDocument <<END
{ "name": "$collection/documents/one" }
END
# With the etag, the deletion applies only to the state that was read. With a request_id, it can be
# repeated.
delete='{ "name": "'$collection/documents/one'", "etag": "'$(field etag)'", "requestId": "'$(new_id)'" }'
call sluice.v1.DocumentService/DeleteDocument "$delete"
expect kind KIND_DELETE_DOCUMENT
operation=$(field name)
fails 69 NOT_FOUND sluice.v1.DocumentService/GetDocument <<END
{ "name": "$collection/documents/one" }
END
call sluice.v1.DocumentService/DeleteDocument "$delete"
expect name "$operation"

# A deletion cannot be undone, but it can be watched to its end.
fails 73 NOT_CANCELLABLE sluice.v1.OperationService/CancelOperation <<END
{ "name": "$operation" }
END
call sluice.v1.OperationService/WatchOperation <<END
{ "name": "$operation" }
END
[ "$(count STATE_SUCCEEDED)" -eq 1 ] || fail "it has not succeeded"
[ "$(count "\"chunks\": \"$chunks\"")" -ge 1 ] || fail "not all $chunks chunks were removed"

# A collection with documents is deleted only with force.
fails 73 COLLECTION_NOT_EMPTY sluice.v1.CollectionService/DeleteCollection <<END
{ "name": "$collection" }
END
call sluice.v1.CollectionService/DeleteCollection <<END
{ "name": "$collection", "force": true }
END
operation=$(field name)
fails 69 NOT_FOUND sluice.v1.ChunkService/StreamChunks <<END
{ "document": "$collection/documents/two" }
END
call sluice.v1.OperationService/WatchOperation <<END
{ "name": "$operation" }
END
[ "$(count STATE_SUCCEEDED)" -eq 1 ] || fail "it has not succeeded"
