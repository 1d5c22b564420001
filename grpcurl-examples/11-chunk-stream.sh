#!/usr/bin/env bash
# Cuts text of any length while it arrives, and returns its chunks at once. Nothing is stored.
set -euo pipefail
source "$(dirname "$0")/common.sh"

one=$(sentences 1 20) two=$(sentences 21 40)
call sluice.v1.ChunkingService/ChunkStream <<END
{
  "spec": { "chunking": { "strategy": "STRATEGY_FIXED", "maxSize": 300 } },
  "content": "$(printf '%s' "$one" | encode)"
}
{ "content": "$(printf '%s' "$two" | encode)", "finishWrite": true }
END
total=$((${#one} + ${#two}))
chunks=$(((total + 299) / 300))
[ "$(count '"text":')" -eq "$chunks" ] || fail "there are not $chunks chunks"

# The last response has no chunks, but a summary of the source.
says '"sourceSha256": "'"$(printf '%s' "$one$two" | sha256)"'"'
says '"chunks": "'$chunks'"'
