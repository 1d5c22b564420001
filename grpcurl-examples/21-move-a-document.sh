#!/usr/bin/env bash
# Moves a document to its other partition, and watches the move to its end. Readers see no difference.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
name=collections/tour/documents/moved-$(new_id)
upload collections/tour "${name##*/}" "$(sentences 1 100)"
call sluice.v1.ChunkService/StreamChunks "{ \"document\": \"$name\" }" >/dev/null
read_before=$answer
call sluice.v1.PartitionService/LocateDocument "{ \"name\": \"$name\" }"
before=$(field partition) chunks=$(field chunks)

# With a request_id, the request can be repeated.
move='{ "name": "'$name'", "requestId": "'$(new_id)'" }'
call sluice.v1.PartitionService/MoveDocument "$move"
expect kind KIND_MOVE_DOCUMENT
operation=$(field name)
call sluice.v1.PartitionService/MoveDocument "$move"
expect name "$operation"

call sluice.v1.OperationService/WatchOperation <<END
{ "name": "$operation" }
END
[ "$(count STATE_SUCCEEDED)" -eq 1 ] || fail "it has not succeeded"
[ "$(count "\"chunks\": \"$chunks\"")" -ge 1 ] || fail "not all $chunks chunks were copied"

# The old partition keeps the chunks for readers that are under way. Until they are removed, no other
# move of the document starts.
call sluice.v1.PartitionService/LocateDocument "{ \"name\": \"$name\" }"
[ "$(field partition)" != "$before" ] || fail "it is where it was"
expect isCandidate true
expect countedChunks "$chunks"
fails 73 MOVE_PENDING sluice.v1.PartitionService/MoveDocument <<END
{ "name": "$name" }
END

call sluice.v1.ChunkService/StreamChunks "{ \"document\": \"$name\" }" >/dev/null
[ "$answer" = "$read_before" ] || fail "it does not read as before"
