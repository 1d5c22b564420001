#!/usr/bin/env bash
# The server describes itself: its services, their methods, their messages. No proto file is needed.
set -euo pipefail
source "$(dirname "$0")/common.sh"

template=
reflect() {
    printf '\n$ %s -plaintext %s %s\n' "${grpcurl##*/}" "$address" "$*"
    answer=$("$grpcurl" -plaintext $template "$address" "$@")
    printf '%s\n' "$answer"
}

reflect list
for noun in Chunk Chunking Collection Document Operation Partition Upload; do
    says "sluice.v1.${noun}Service"
done
says grpc.health.v1.Health

reflect list sluice.v1.UploadService
for method in UploadDocument StreamDocument GetUpload CancelUpload; do
    says "sluice.v1.UploadService.$method"
done

reflect describe sluice.v1.UploadService.UploadDocument
says "( stream .sluice.v1.UploadDocumentRequest )"

# The description of a message with a template to fill in.
template=-msg-template
reflect describe sluice.v1.CreateCollectionRequest
says '"collectionId": ""'
