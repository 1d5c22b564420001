#!/usr/bin/env bash
# Each upload is an operation: watch it, list it, cancel it.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
id=$(new_id)
call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "collections/tour", "documentId": "cancelled-$id", "requestId": "$id" },
  "content": "$(sentences 1 60 | encode)"
}
END
expect state STATE_RUNNING
operation=$(field operation)

# Reads pages of running operations, newest first, until one lists it.
token=
while
    call sluice.v1.OperationService/ListOperations <<END
{ "state": "STATE_RUNNING", "pageSize": 20, "pageToken": "$token" }
END
    [[ $answer != *"\"$operation\""* ]]
do
    token=$(field nextPageToken)
    [ -n "$token" ] || fail "the list does not have it"
done
[ "$(count '"state":')" -eq "$(count STATE_RUNNING)" ] || fail "not all of these are running"

call sluice.v1.OperationService/GetOperation <<END
{ "name": "$operation" }
END
expect kind KIND_UPLOAD
expect state STATE_RUNNING

watched=$(mktemp)
trap 'rm -f "$watched" "$watched.all"; kill $(jobs -p) 2>/dev/null || true' EXIT
"$grpcurl" "${options[@]}" -d "{ \"name\": \"$operation\" }" "$address" \
    sluice.v1.OperationService/WatchOperation >"$watched" &
watcher=$!
wait_for "$watched" STATE_RUNNING

# The states of all running operations, in one stream that runs until the client leaves it.
"$grpcurl" "${options[@]}" -d '{ "states": ["STATE_RUNNING"], "collection": "collections/tour" }' "$address" \
    sluice.v1.OperationService/WatchOperations >"$watched.all" &
overview=$!
wait_for "$watched.all" '"snapshotComplete": true'
grep -qF "$operation" "$watched.all" || fail "the operation is not among all"

call sluice.v1.UploadService/CancelUpload <<END
{ "name": "uploads/$id" }
END
expect state STATE_CANCELLED

# The watcher receives the terminal state, and its stream ends.
wait "$watcher"
answer=$(<"$watched")
printf '\n%s\n' "$answer"
[ "$(count STATE_CANCELLED)" -eq 1 ] || fail "the end was not told once"
wait_for "$watched.all" STATE_CANCELLED
kill "$overview"

# An ended operation cannot be cancelled.
fails 73 UPLOAD_ENDED sluice.v1.OperationService/CancelOperation <<END
{ "name": "$operation" }
END
