#!/usr/bin/env bash
# All chunks of a document, those after the last one that a client has, those of a range, a single one with
# its neighbors, the outline, and the chunks of several levels.
set -euo pipefail
source "$(dirname "$0")/common.sh"

need_collection
document=collections/tour/documents/chunks.txt
upload collections/tour chunks.txt "$(sentences 1 12)"
chunks=$(field chunks)

call sluice.v1.ChunkService/StreamChunks <<END
{ "document": "$document" }
END
[ "$(count '"text":')" -eq "$chunks" ] || fail "not all $chunks chunks have come"
expect ordinal 0
says "This is sentence number 12."

call sluice.v1.ChunkService/StreamChunks <<END
{ "document": "$document", "afterOrdinal": 1 }
END
[ "$(count '"text":')" -eq $((chunks - 2)) ] || fail "not all chunks after 1 have come"
expect ordinal 2

call sluice.v1.ChunkService/GetChunk <<END
{ "name": "$document/chunks/2" }
END
expect name "$document/chunks/2"
# The position of a chunk is in bytes, characters and lines of the text, and in bytes of the source.
text=$(sentences 1 12)
start=$(field byte)
end=$(sed -n '/"end"/,$s/.*"byte": "\(.*\)",/\1/p' <<<"$answer")
printf '\nBytes %d to %d of the document:\n%s\n' "$start" "$end" "${text:start:end - start}"
expect sha256 "$(printf '%s' "${text:start:end - start}" | sha256)"

# The chunks that have a byte of a range. This one begins with the last byte of chunk 1, and ends with the
# first of chunk 2.
call sluice.v1.ChunkService/StreamChunks <<END
{ "document": "$document", "startByte": $((start - 1)), "endByte": $((start + 1)) }
END
[ "$(count '"text":')" -eq 2 ] || fail "the range has bytes of two chunks"
expect ordinal 1

call sluice.v1.ChunkService/StreamChunks <<END
{ "document": "$document", "lastOrdinal": 2 }
END
[ "$(count '"text":')" -eq 3 ] || fail "not the chunks 0 to 2 have come"

# A chunk with the one before it and the one after it.
call sluice.v1.ChunkService/GetChunk <<END
{ "name": "$document/chunks/2", "neighbors": 1 }
END
[ "$(count '"text":')" -eq 3 ] || fail "a chunk and two neighbors were expected"
says "\"name\": \"$document/chunks/1\""
says "\"name\": \"$document/chunks/3\""

# The outline of Markdown: sections with their headings and spans.
upload collections/tour outline.md "$(printf '# Sluices\n\nA gate.\n\n## Parts\n\nOak and iron.\n')" \
    '"chunking": { "strategy": "STRATEGY_MARKDOWN" }'
call sluice.v1.ChunkService/StreamSections <<END
{ "document": "collections/tour/documents/outline.md" }
END
[ "$(count '"firstOrdinal":')" -eq 2 ] || fail "the document has two sections"
says '"title": "Parts"'

# One upload in two levels: small chunks, each in a larger one.
upload collections/tour levels.txt "$(sentences 1 12)" '"chunking": { "levels": { "sizes": [160, 40] } }'
document=collections/tour/documents/levels.txt
call sluice.v1.ChunkService/StreamChunks <<END
{ "document": "$document", "levels": [0] }
END
says "\"name\": \"$document/levels/0/chunks/1\""
call sluice.v1.ChunkService/GetChunk <<END
{ "name": "$document/chunks/0", "withParents": true }
END
says "\"name\": \"$document/levels/0/chunks/0\""
