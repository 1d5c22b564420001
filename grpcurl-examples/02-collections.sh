#!/usr/bin/env bash
# Create, get, list, change and delete a collection. A request_id makes it safe to repeat a request;
# an etag makes it safe to change what others change too.
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
# A collection has what was said. Its min_size follows from max_size, for each upload.
[[ $answer != *minSize* ]] || fail "nobody said a min_size"

# The same request again, as after a lost answer, returns what it made.
call sluice.v1.CollectionService/CreateCollection "$create"
expect name "collections/$id"
# Another request does not.
fails 70 ALREADY_EXISTS sluice.v1.CollectionService/CreateCollection <<END
{ "collectionId": "$id" }
END

name='{ "name": "collections/'$id'" }'
call sluice.v1.CollectionService/GetCollection "$name"
etag=$(field etag)

# Only what the mask names is changed: max_size stays.
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

# The etag is an old one now: somebody has changed the collection since it was read.
fails 74 ETAG_MISMATCH sluice.v1.CollectionService/UpdateCollection "$change"

# collections/default is there without being created.
call sluice.v1.CollectionService/GetCollection '{ "name": "collections/default" }'
expect name collections/default

# Pages, until it is found.
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
