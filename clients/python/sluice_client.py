"""A Sluice client: upload() sends a file, read_chunks() returns its chunks, watch() its states.

All resume after transient failures. They raise Refused for an error that no further attempt can fix,
and grpc.RpcError for a refusal of the server or a failure that lasts too long.
"""

import hashlib
import sys
from pathlib import Path

import google_crc32c
import grpc

from retries import Incomplete, Retries

# The README generates the stubs into this folder. A folder of PYTHONPATH comes first.
sys.path.append(str(Path(__file__).resolve().parent / "generated"))
from sluice.v1 import chunks_pb2, chunks_pb2_grpc, collections_pb2, collections_pb2_grpc
from sluice.v1 import operations_pb2, operations_pb2_grpc, uploads_pb2, uploads_pb2_grpc

# The most content bytes that the server accepts in a message.
CONTENT_BYTES = 256 * 1024
# The deadline of calls that are answered immediately. An upload has no deadline.
SECONDS_MAX = 30

CHANNEL_OPTIONS = [
    # Keepalive pings distinguish a dead server from a busy one. Without them, a call on a connection that died
    # silently waits forever.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Retries waits between attempts. gRPC has its own backoff of up to two minutes between connections, in which
    # every call fails immediately.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]


class Refused(Exception):
    """The upload cannot be resumed, or its chunks no longer exist."""


def open_channel(server):
    """Returns a channel to HOST:PORT. It connects on first use, and reconnects when necessary."""
    return grpc.insecure_channel(server, CHANNEL_OPTIONS)


def upload(channel, path, spec, may_have_begun):
    """Uploads the file, in as many attempts as it takes, and returns the completed upload."""
    uploads = uploads_pb2_grpc.UploadServiceStub(channel)
    retries, committed = Retries(), 0
    while True:
        try:
            # Only the server knows how much it has, so ask it before every attempt.
            held = find(uploads, f"uploads/{spec.request_id}") if may_have_begun else None
            may_have_begun = True
            offset = held.committed_offset if held else 0
            digest = prefix_digest(path, offset)
            if held is None:
                ensure_collection(channel, spec.collection)
            else:
                check(held, spec, digest)
            if offset > committed:
                retries.progressed()
                committed = offset
            answer = uploads.UploadDocument(messages(path, spec, offset, digest)).upload
            # A stream that ends early is answered OK too. The state shows whether the upload is complete.
            if answer.state == uploads_pb2.Upload.STATE_SUCCEEDED:
                return answer
            raise Incomplete("the upload is not complete")
        except (grpc.RpcError, Incomplete) as error:
            retries.wait_after(error)


def find(uploads, name):
    """Returns the upload as the server has it, or None if the server does not know it."""
    try:
        request = uploads_pb2.GetUploadRequest(name=name)
        return uploads.GetUpload(request, timeout=SECONDS_MAX).upload
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.NOT_FOUND:
            return None
        raise


def prefix_digest(path, length):
    """Returns the digest of the first bytes of the file, which can be updated. Fails if it cannot be read."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while content := file.read(min(length, CONTENT_BYTES)):
            digest.update(content)
            length -= len(content)
    return digest


def check(held, spec, digest):
    """Refuses to resume another document, an upload that failed or was cancelled, or another file."""
    if held.document != f"{spec.collection}/documents/{spec.document_id}":
        raise Refused(f"{held.name} is an upload of {held.document}")
    if held.state in (uploads_pb2.Upload.STATE_FAILED, uploads_pb2.Upload.STATE_CANCELLED):
        raise Refused(f"{held.name} has failed or was cancelled; upload the file under a new id")
    # Half of the old file and half of the new one would be a document that never existed.
    if digest.digest() != held.committed_sha256:
        raise Refused("the file has changed since the upload began")


def messages(path, spec, offset, digest):
    """Yields the messages for the file from offset on. gRPC takes the next one when it can send it."""
    # Send the spec each time. The server refuses a request id that is reused with other fields or content, even if
    # the upload is complete and only its answer was lost.
    target = {"spec": spec}
    with open(path, "rb") as file:
        file.seek(offset)
        while content := file.read(CONTENT_BYTES):
            digest.update(content)
            yield uploads_pb2.UploadDocumentRequest(
                **target,
                write_offset=offset,
                content=content,
                crc32c=google_crc32c.value(content),
            )
            target = {}  # In the first message only.
            offset += len(content)
    # Without finish_write the server keeps the upload open. The digest and the size let it refuse a file that differs
    # from the one read here.
    yield uploads_pb2.UploadDocumentRequest(
        **target,
        write_offset=offset,
        finish_write=True,
        sha256=digest.digest(),
        total_size=offset,
    )


def ensure_collection(channel, name):
    """Creates the collection unless it exists."""
    collections = collections_pb2_grpc.CollectionServiceStub(channel)
    collection_id = name.removeprefix("collections/")
    request = collections_pb2.CreateCollectionRequest(collection_id=collection_id)
    try:
        collections.CreateCollection(request, timeout=SECONDS_MAX)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            raise


def read_chunks(channel, document, version):
    """Yields the chunks in order. After a failure it resumes after the last one received."""
    chunks = chunks_pb2_grpc.ChunkServiceStub(channel)
    retries, last = Retries(), None
    while True:
        request = chunks_pb2.StreamChunksRequest(document=document, after_ordinal=last)
        try:
            for response in chunks.StreamChunks(request):
                retries.progressed()
                for chunk in response.chunks:
                    # Ordinals of one version mean nothing in another.
                    if chunk.version != version:
                        raise Refused(f"{document} has been replaced by version {chunk.version}")
                    yield chunk
                    last = chunk.ordinal
            return
        except grpc.RpcError as error:
            retries.wait_after(error)


def watch(channel, operation):
    """Yields the states of an operation, up to the terminal one. After a failure it yields newer ones."""
    operations = operations_pb2_grpc.OperationServiceStub(channel)
    retries, seq = Retries(), 0
    while True:
        request = operations_pb2.WatchOperationRequest(name=operation, after_seq=seq)
        try:
            for response in operations.WatchOperation(request):
                retries.progressed()
                seq = response.operation.seq
                yield response.operation
            return
        except grpc.RpcError as error:
            retries.wait_after(error)
