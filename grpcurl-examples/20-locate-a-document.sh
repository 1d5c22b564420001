#!/usr/bin/env bash
# The partition of a document, with proof: one of two candidates, in which all chunks are counted.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
upload collections/tour located "$(sentences 1 10)"
call sluice.v1.PartitionService/LocateDocument '{ "name": "collections/tour/documents/located" }'
expect isCandidate true
[[ $(field chunks) -ge 1 ]] || fail "it has no chunks"
expect countedChunks "$(field chunks)"
expect countedTextBytes "$(field textBytes)"
expect chunksElsewhere 0

fails 69 NOT_FOUND sluice.v1.PartitionService/LocateDocument <<END
{ "name": "collections/tour/documents/nowhere" }
END
