#!/usr/bin/env bash
# Documents found by their labels, page by page.
set -euo pipefail
source "$(dirname "$0")/common.sh"

collection=collections/tour-$(new_id)
call sluice.v1.CollectionService/CreateCollection <<END >/dev/null
{ "collectionId": "${collection#*/}" }
END
for number in 1 2 3 4 5; do
    language=$([ $number -eq 3 ] && echo fr || echo en)
    call sluice.v1.UploadService/UploadDocument <<END >/dev/null
{
  "spec": {
    "collection": "$collection", "documentId": "letter-$number", "requestId": "$(new_id)",
    "labels": { "values": { "kind": "letter", "language": "$language" } }
  },
  "content": "$(printf 'Letter %d.' $number | encode)", "finishWrite": true
}
END
done

# The English letters, at most three a page, ordered by name.
list='"parent": "'$collection'", "pageSize": 3, "labels": { "kind": "letter", "language": "en" }'
call sluice.v1.DocumentService/ListDocuments "{ $list }"
[ "$(count '"name":')" -eq 3 ] || fail "the first page does not have 3"
says "$collection/documents/letter-4"
token=$(field nextPageToken)
[ -n "$token" ] || fail "there is no next page"

call sluice.v1.DocumentService/ListDocuments "{ $list, \"pageToken\": \"$token\" }"
[ "$(count '"name":')" -eq 1 ] || fail "the second page does not have 1"
says "$collection/documents/letter-5"
expect nextPageToken ""

# A page token is valid for the same request only.
fails 67 INVALID_FIELD sluice.v1.DocumentService/ListDocuments <<END
{ "parent": "$collection", "pageSize": 3, "pageToken": "$token" }
END
says '"field":"page_token"'

call sluice.v1.CollectionService/DeleteCollection <<END
{ "name": "$collection", "force": true }
END
