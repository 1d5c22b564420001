"""Calls a Sluice on one channel, again and again, as a client that sends no more once it is answered.

Usage: early.py SERVER CALLS COMMITS. Uploads that are committed are called COMMITS times: they wait for the disk. Each
streaming kind is answered, and refused, while its client's side is still open; every other call ends it at once.
Prints how many calls there were of each kind.
"""

import sys
import threading
import uuid

import grpc

from sluice.v1 import chunking_pb2, chunking_pb2_grpc, uploads_pb2, uploads_pb2_grpc

SECONDS_MAX = 30


def requests(messages, answered, stays):
    """Messages, and then the end, or nothing until the call is answered."""
    yield from messages
    if stays:
        answered.wait(SECONDS_MAX)


def call(method, stays, messages, code):
    """One call of a client stream or of a bidirectional one; it must end with that status."""
    answered = threading.Event()
    stream = requests(messages, answered, stays)
    try:
        if hasattr(method, "future"):
            future = method.future(stream, timeout=SECONDS_MAX)
            future.add_done_callback(lambda _: answered.set())
            future.result()
        else:
            for _ in method(stream, timeout=SECONDS_MAX):
                pass
        told = grpc.StatusCode.OK
    except grpc.RpcError as error:
        told = error.code()
    finally:
        answered.set()
    assert told == code, (told, code)


def unary(method, message, code):
    try:
        method(message, timeout=SECONDS_MAX)
        told = grpc.StatusCode.OK
    except grpc.RpcError as error:
        told = error.code()
    assert told == code, (told, code)


def main():
    server, calls, commits = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    raw = {"request_serializer": lambda message: message, "response_deserializer": bytes}
    with grpc.insecure_channel(server) as channel:
        uploads = uploads_pb2_grpc.UploadServiceStub(channel)
        chunking = chunking_pb2_grpc.ChunkingServiceStub(channel)

        def upload():
            spec = uploads_pb2.UploadSpec(
                collection="collections/c", document_id="d", request_id=str(uuid.uuid4())
            )
            return uploads_pb2.UploadDocumentRequest(
                spec=spec, content=b"A short document.", finish_write=True
            )

        def both_ways(write):
            return uploads_pb2.StreamDocumentRequest(write=write)

        spec_missing = uploads_pb2.UploadDocumentRequest(content=b"No spec.")

        ok, invalid = grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT
        unknown = "/sluice.v1.UploadService/Nothing"
        nothing = channel.stream_stream(unknown, **raw)
        unlike = channel.unary_unary(unknown, **raw)
        kinds = {
            "UploadDocument": lambda stays: call(
                uploads.UploadDocument, stays, [upload()], ok
            ),
            "StreamDocument": lambda stays: call(
                uploads.StreamDocument, stays, [both_ways(upload())], ok
            ),
            "ChunkStream": lambda stays: call(
                chunking.ChunkStream,
                stays,
                [chunking_pb2.ChunkStreamRequest(content=b"A text.", finish_write=True)],
                ok,
            ),
            "UploadDocument refused": lambda stays: call(
                uploads.UploadDocument, stays, [spec_missing], invalid
            ),
            "StreamDocument refused": lambda stays: call(
                uploads.StreamDocument, stays, [both_ways(spec_missing)], invalid
            ),
            "an unknown method": lambda stays: call(
                nothing, stays, [b"x" * 10_000], grpc.StatusCode.UNIMPLEMENTED
            ),
            "an unknown method, unary": lambda _: unary(
                unlike, b"x" * 100_000, grpc.StatusCode.UNIMPLEMENTED
            ),
        }
        for kind, once in kinds.items():
            number = commits if kind in ("UploadDocument", "StreamDocument") else calls
            for count in range(number):
                once(count % 2 == 0)
            print(kind, number, flush=True)


if __name__ == "__main__":
    main()
