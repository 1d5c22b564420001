#!/usr/bin/env bash
# The changes that an embedder follows. First all chunks of a collection; then, from the last cursor,
# only added chunks, kept chunks (without text), and removed contents.
set -euo pipefail
source "$(dirname "$0")/common.sh"

id=tour-$(new_id)
call sluice.v1.CollectionService/CreateCollection <<END
{
  "collectionId": "$id",
  "chunking": { "strategy": "STRATEGY_SENTENCE", "maxSize": 60, "minSize": 30 }
}
END

# changes ADDED KEPT REMOVED: reads the changes since the cursor, and checks their numbers.
cursor=
changes() {
    call sluice.v1.ChunkService/StreamChanges <<END
{ "collection": "collections/$id", "afterCursor": "$cursor" }
END
    local seen
    seen="$(count '"added":') $(count '"kept":') $(count '"removed":')"
    [ "$seen" = "$*" ] || fail "added, kept and removed are $seen, not $*"
    [ -z "$answer" ] || cursor=$(sed -n 's/^ *"cursor": "\(.*\)"$/\1/p' <<<"$answer" | tail -n 1)
}

upload "collections/$id" fruit "The apples are red and sweet, as always. The bananas are green this week. "
changes 2 0 0
says '"reset":' # The earlier chunks of this document are no longer valid.
says '"complete":'

changes 0 0 0 # Nothing new.

upload "collections/$id" fruit "The apples are red and sweet, as always. The bananas are yellow this week. "
changes 1 1 1
says "The bananas are yellow"
says '"version": "2"'
says '"left": "0"' # No chunk has the green bananas any more.

# A heading is renamed: its text is added under the new heading, with a mark that the text itself is known.
headed() {
    printf '# %s\n\nThe apples are red, and they are sweet as always in autumn.\n\n' "$1"
    printf 'The bananas are green, and they are not sweet before the winter.\n'
}
markdown='"chunking": { "strategy": "STRATEGY_MARKDOWN", "maxSize": 80, "minSize": 30 }'
upload "collections/$id" headed "$(headed Fruit)" "$markdown"
changes 2 0 0
upload "collections/$id" headed "$(headed Food)" "$markdown"
changes 2 0 2
[ "$(count '"isTextKept": true')" -eq 1 ] || fail "no text is known under another heading"

call sluice.v1.DocumentService/DeleteDocument <<END
{ "name": "collections/$id/documents/fruit" }
END
changes 0 0 0
says '"reset":'

call sluice.v1.CollectionService/DeleteCollection <<END
{ "name": "collections/$id", "force": true }
END
