#!/usr/bin/env bash
# The audit log: changes and refusals, with caller and address. Each entry proves those before it.
set -euo pipefail
source "$(dirname "$0")/common.sh"

id=c$(new_id | cut -c 1-8)
call sluice.v1.CollectionService/CreateCollection '{ "collectionId": "'"$id"'" }'
call sluice.v1.CollectionService/DeleteCollection '{ "name": "collections/'"$id"'" }'

# The server writes the entry a moment later.
for _ in {1..50}; do
    ask sluice.v1.AdminService/ListAuditEvents '{ "parent": "tenants/default", "pageSize": 5 }' >/dev/null
    [[ $answer == *DeleteCollection* ]] && break
    sleep 0.1
done
printf '%s\n' "$answer"
says '"method": "/sluice.v1.CollectionService/DeleteCollection"'
says '"target": "collections/'"$id"'"'
says '"result": "OK"'
says '"sha256"'
fails 67 INVALID_FIELD sluice.v1.AdminService/ListAuditEvents '{ "parent": "acme" }'
fails 69 NOT_FOUND sluice.v1.AdminService/ListAuditEvents '{ "parent": "tenants/nobody" }'
