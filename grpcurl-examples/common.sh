# shellcheck shell=bash
# Shared by the scripts: where the server is, how it is called, and how its responses are checked.

address=${ADDRESS:-127.0.0.1:50051}
grpcurl=${GRPCURL:-grpcurl}
# Fields that are not set are shown, details of errors are readable, and nothing hangs.
options=(-plaintext -emit-defaults -format-error -max-time 60)

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# ask METHOD [MESSAGES]: calls it with the JSON messages, or with those of the standard input. What
# is sent and what comes back is printed. $answer keeps what came back, $status the exit code.
ask() {
    local messages=${2-$(cat)}
    printf '\n$ %s -plaintext -d @ %s %s\n' "${grpcurl##*/}" "$address" "$1"
    printf '%s\n' "$messages" | sed 's/\("content": *"[^"]\{48\}\)[^"]*"/\1…"/g'
    status=0
    answer=$("$grpcurl" "${options[@]}" -d @ "$address" "$1" <<<"$messages" 2>&1) || status=$?
    printf '%s\n' "$answer"
}

# call METHOD [MESSAGES]: the same, and it has to succeed.
call() {
    ask "$@"
    [ "$status" -eq 0 ] || fail "the call has ended with exit code $status"
}

# fails EXIT_CODE REASON METHOD [MESSAGES]: the same, and it has to fail in this way.
fails() {
    local code=$1 reason=$2
    shift 2
    ask "$@"
    printf '(exit code %s)\n' "$status"
    [ "$status" -eq "$code" ] || fail "the exit code is $status, not $code"
    says "\"reason\":\"$reason\""
}

# field NAME: the first field of that name in the response, as JSON without its quotes.
field() {
    sed -n "/^ *\"$1\":/{s/^[^:]*: *//;s/,\$//;s/^\"\(.*\)\"\$/\1/;p;q;}" <<<"$answer"
}

# expect NAME VALUE: that field has to have this value.
expect() {
    [ "$(field "$1")" = "$2" ] || fail "$1 is \"$(field "$1")\", not \"$2\""
}

# says TEXT: the response has to contain it.
says() {
    [[ $answer == *"$1"* ]] || fail "the response does not say $1"
}

# count TEXT: how many lines of the response contain it.
count() {
    grep -cF -- "$1" <<<"$answer" || true
}

# wait_for FILE TEXT: waits until a file contains it.
wait_for() {
    for _ in {1..200}; do
        if grep -qF -- "$2" "$1"; then return; fi
        sleep 0.1
    done
    fail "$2 did not come"
}

# A random UUID.
new_id() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' |
        sed 's/\(.\{8\}\)\(.\{4\}\).\(...\).\(...\)\(.\{12\}\)/\1-\2-4\3-8\4-\5/'
}

# Base64 of the standard input: how JSON has bytes.
encode() {
    base64 | tr -d '\n'
}

# Its SHA-256, in base64.
sha256() {
    printf '%b' "$(sha256sum | cut -c 1-64 | sed 's/../\\x&/g')" | encode
}

# sentences FROM TO: some text.
sentences() {
    printf 'This is sentence number %d. ' $(seq "$1" "$2")
}

# The collection that most scripts use, with small chunks. It may be there already.
need_collection() {
    ask sluice.v1.CollectionService/CreateCollection '{
  "collectionId": "tour", "chunking": { "strategy": "STRATEGY_SENTENCE", "maxSize": 100 }
}' >/dev/null
    if [ "$status" -ne 70 ] && [ "$status" -ne 0 ]; then fail "$answer"; fi
}

# upload COLLECTION DOCUMENT_ID TEXT: the text as a document.
upload() {
    call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "$1", "documentId": "$2", "requestId": "$(new_id)" },
  "content": "$(printf '%s' "$3" | encode)", "finishWrite": true
}
END
    expect state STATE_SUCCEEDED
}
