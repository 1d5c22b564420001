#!/usr/bin/env bash
# The strategies, and the chunks of a small text by several specs. Nothing is stored.
set -euo pipefail
source "$(dirname "$0")/common.sh"

call sluice.v1.ChunkingService/ListStrategies '{}'
for strategy in FIXED RECURSIVE SENTENCE MARKDOWN TOKEN; do says "\"strategy\": \"STRATEGY_$strategy\""; done

text="One sentence. Another sentence. And a third one, which is the longest of them."
call sluice.v1.ChunkingService/Preview <<END
{
  "content": "$(printf '%s' "$text" | encode)",
  "chunking": { "strategy": "STRATEGY_SENTENCE", "maxSize": 50, "minSize": 25 }
}
END
says '"text": "One sentence. Another sentence. "'
says '"text": "And a third one, which is the longest of them."'

# Sizes can be in words, and a chunk can repeat the end of the one before.
call sluice.v1.ChunkingService/Preview <<END
{
  "content": "$(printf '%s' "one two three four five six" | encode)",
  "chunking": {
    "strategy": "STRATEGY_RECURSIVE", "measure": "MEASURE_WORDS", "maxSize": 4, "minSize": 4, "overlap": 1
  }
}
END
says '"text": "one two three four "'
says '"text": "four five six"'

# Markdown is cut between its blocks, and each chunk has the headings that it is under.
text=$(printf '# Sluices\n\nA sluice is a gate.\n\n## Gates\n\n- oak\n- iron\n')
call sluice.v1.ChunkingService/Preview <<END
{
  "content": "$(printf '%s' "$text" | encode)",
  "chunking": { "strategy": "STRATEGY_MARKDOWN", "maxSize": 40 }
}
END
says '"kind": "CHUNK_KIND_LIST"'
says '"title": "Gates"'

# Another charset: the é has one byte in the source, and two in the text.
call sluice.v1.ChunkingService/Preview <<END
{
  "content": "$(printf 'caf\xe9' | encode)", "decoding": { "charset": "windows-1252" }
}
END
says '"text": "café"'
end=$(sed -n '/"end"/,$p' <<<"$answer")
[[ $end == *'"byte": "5"'*'"character": "4"'*'"source": "4"'* ]] || fail "the end is not where it should be"

# The same bytes are not UTF-8.
fails 67 INVALID_CONTENT sluice.v1.ChunkingService/Preview <<END
{ "content": "$(printf 'caf\xe9' | encode)" }
END
says '"offset":"3"'

# The recommended strategy for a text has the most chunks that end where a sentence or a line ends.
text=$(printf 'Was it so‽ It was‽ Did anybody see it‽ %.0s' {1..50})
call sluice.v1.ChunkingService/RecommendStrategy <<END
{ "content": "$(printf '%s' "$text" | encode)", "chunking": { "maxSize": 200 } }
END
expect strategy STRATEGY_SENTENCE
call sluice.v1.ChunkingService/CompareStrategies <<END
{
  "content": "$(printf '%s' "$text" | encode)",
  "chunkings": [ { "maxSize": 200 }, { "maxSize": 200, "minSize": 100, "overlap": 50 } ]
}
END
[ "$(count '"repeatedBytes": "0"')" -eq 1 ] || fail "only one of the two has an overlap"

# Chunks with a limit in tokens have their number of tokens.
call sluice.v1.ChunkingService/Preview <<END
{
  "content": "$(sentences 1 6 | encode)",
  "chunking": { "measure": "MEASURE_TOKENS", "maxSize": 16, "tokenizer": { "name": "o200k_base" } }
}
END
says '"tokens": "'
