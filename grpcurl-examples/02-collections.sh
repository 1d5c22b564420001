#!/usr/bin/env bash
# Create, get, list, change and delete a collection. A request_id makes it safe to repeat a request; an
# etag makes it safe to change a resource that other clients change too.
set -euo pipefail
source "$(dirname "$0")/common.sh"

id=tour-$(new_id)
create='{
  "collectionId": "'$id'", "requestId": "'$(new_id)'",
  "chunking": { "strategy": "STRATEGY_SENTENCE", "maxSize": 400 }
}'
call sluice.v1.CollectionService/CreateCollection "$create"
expect name "collections/$id"
expect maxSize 400
# A collection has only the fields that were set. Each upload derives min_size from max_size.
[[ $answer != *minSize* ]] || fail "min_size is set, although the request did not set it"

# A repeated request, as after a lost answer, returns the collection that it created.
call sluice.v1.CollectionService/CreateCollection "$create"
expect name "collections/$id"
# Another request for the same name fails.
fails 70 ALREADY_EXISTS sluice.v1.CollectionService/CreateCollection <<END
{ "collectionId": "$id" }
END

name='{ "name": "collections/'$id'" }'
call sluice.v1.CollectionService/GetCollection "$name"
etag=$(field etag)

# Only the fields of the mask change: max_size stays.
change='{
  "collection": {
    "name": "collections/'$id'", "etag": "'$etag'",
    "chunking": { "maxSize": 9000 }, "decoding": { "charset": "windows-1252" }
  },
  "updateMask": { "paths": ["decoding"] }
}'
call sluice.v1.CollectionService/UpdateCollection "$change"
expect charset windows-1252
expect maxSize 400
[ "$(field etag)" != "$etag" ] || fail "the etag is still $etag"

# The etag is out of date: the collection has changed since it was read.
fails 74 ETAG_MISMATCH sluice.v1.CollectionService/UpdateCollection "$change"

# collections/default exists without being created.
call sluice.v1.CollectionService/GetCollection '{ "name": "collections/default" }'
expect name collections/default

# Reads pages until one lists it.
token=
while
    call sluice.v1.CollectionService/ListCollections <<END
{ "pageSize": 10, "pageToken": "$token" }
END
    [[ $answer != *"\"collections/$id\""* ]]
do
    token=$(field nextPageToken)
    [ -n "$token" ] || fail "the list does not have it"
done

call sluice.v1.CollectionService/DeleteCollection "$name"
expect kind KIND_DELETE_COLLECTION
