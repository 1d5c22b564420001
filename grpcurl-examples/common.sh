# shellcheck shell=bash
# Shared by the scripts: the address of the server, calls, and checks of responses.

address=${ADDRESS:-127.0.0.1:50051}
grpcurl=${GRPCURL:-grpcurl}
# Prints unset fields and readable error details, and limits the time of a call.
options=(-plaintext -emit-defaults -format-error -max-time 60)

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# ask METHOD [MESSAGES]: calls the method with the JSON messages, or with those of the standard input.
# It prints the request and the response. $answer keeps the response, $status the exit code.
ask() {
    local messages=${2-$(cat)}
    printf '\n$ %s -plaintext -d @ %s %s\n' "${grpcurl##*/}" "$address" "$1"
    printf '%s\n' "$messages" | sed 's/\("content": *"[^"]\{48\}\)[^"]*"/\1…"/g'
    status=0
    answer=$("$grpcurl" "${options[@]}" -d @ "$address" "$1" <<<"$messages" 2>&1) || status=$?
    printf '%s\n' "$answer"
}

# call METHOD [MESSAGES]: like ask, and the call has to succeed.
call() {
    ask "$@"
    [ "$status" -eq 0 ] || fail "the call has ended with exit code $status"
}

# fails EXIT_CODE REASON METHOD [MESSAGES]: like ask, and the call has to fail with this code and
# reason.
fails() {
    local code=$1 reason=$2
    shift 2
    ask "$@"
    printf '(exit code %s)\n' "$status"
    [ "$status" -eq "$code" ] || fail "the exit code is $status, not $code"
    says "\"reason\":\"$reason\""
}

# field NAME: prints the first field of that name in the response, as JSON without its quotes.
field() {
    sed -n "/^ *\"$1\":/{s/^[^:]*: *//;s/,\$//;s/^\"\(.*\)\"\$/\1/;p;q;}" <<<"$answer"
}

# expect NAME VALUE: checks that the field has this value.
expect() {
    [ "$(field "$1")" = "$2" ] || fail "$1 is \"$(field "$1")\", not \"$2\""
}

# says TEXT: checks that the response contains the text.
says() {
    [[ $answer == *"$1"* ]] || fail "the response does not contain $1"
}

# count TEXT: prints the number of lines of the response that contain the text.
count() {
    grep -cF -- "$1" <<<"$answer" || true
}

# wait_for FILE TEXT: waits until the file contains the text.
wait_for() {
    for _ in {1..200}; do
        if grep -qF -- "$2" "$1"; then return; fi
        sleep 0.1
    done
    fail "$2 did not arrive"
}

# new_id: prints a random UUID.
new_id() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' |
        sed 's/\(.\{8\}\)\(.\{4\}\).\(...\).\(...\)\(.\{12\}\)/\1-\2-4\3-8\4-\5/'
}

# encode: prints the standard input in base64, the form of bytes in JSON.
encode() {
    base64 | tr -d '\n'
}

# sha256: prints the SHA-256 digest of the standard input, in base64.
sha256() {
    printf '%b' "$(sha256sum | cut -c 1-64 | sed 's/../\\x&/g')" | encode
}

# sentences FROM TO: prints numbered sentences.
sentences() {
    printf 'This is sentence number %d. ' $(seq "$1" "$2")
}

# need_collection: creates the collection that most scripts use, with small chunks. It may exist
# already.
need_collection() {
    ask sluice.v1.CollectionService/CreateCollection '{
  "collectionId": "tour", "chunking": { "strategy": "STRATEGY_SENTENCE", "maxSize": 100 }
}' >/dev/null
    if [ "$status" -ne 70 ] && [ "$status" -ne 0 ]; then fail "$answer"; fi
}

# upload COLLECTION DOCUMENT_ID TEXT [SPEC]: uploads the text as a document, with these fields of its spec.
upload() {
    call sluice.v1.UploadService/UploadDocument <<END
{
  "spec": { "collection": "$1", "documentId": "$2", "requestId": "$(new_id)"${4:+, $4} },
  "content": "$(printf '%s' "$3" | encode)", "finishWrite": true
}
END
    expect state STATE_SUCCEEDED
}
