#!/usr/bin/env bash
# Examples of failures. The exit code is 64 plus the status code. The reason in the details is for
# programs, and is stable.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
fails 69 NOT_FOUND sluice.v1.DocumentService/GetDocument '{ "name": "collections/tour/documents/none" }'

fails 67 INVALID_FIELD sluice.v1.CollectionService/CreateCollection '{ "collectionId": "Not a name" }'
says '"field":"collection_id"'

fails 70 ALREADY_EXISTS sluice.v1.CollectionService/CreateCollection '{ "collectionId": "tour" }'

upload collections/tour changed "Some text."
operation=$(field operation)
fails 74 ETAG_MISMATCH sluice.v1.DocumentService/DeleteDocument '{
  "name": "collections/tour/documents/changed", "etag": "\"0\""
}'

fails 75 FUTURE_SEQ sluice.v1.OperationService/WatchOperation <<END
{ "name": "$operation", "afterSeq": 1000 }
END

# A method that the server does not have: grpcurl needs a proto file for it.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/unknown.proto" <<'END'
syntax = "proto3";
package sluice.v1;
message Nothing {}
service UnknownService { rpc DoNothing(Nothing) returns (Nothing); }
END
options+=(-use-reflection -import-path "$folder" -proto unknown.proto)
fails 76 METHOD_UNKNOWN sluice.v1.UnknownService/DoNothing '{}'
