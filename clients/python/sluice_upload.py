"""Uploads a file to Sluice, resumes after failures, and can print its states and chunks."""

import argparse
import json
import sys
import uuid
from pathlib import Path

import grpc

from retries import Incomplete
from sluice_client import Refused, open_channel, operations_pb2, read_chunks, upload, uploads_pb2
from sluice_client import watch


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="127.0.0.1:50051", metavar="HOST:PORT")
    parser.add_argument("--collection", required=True, help="created unless it exists")
    parser.add_argument("--document-id", required=True)
    parser.add_argument("--request-id", type=uuid.UUID, help="resume this upload, or start it")
    parser.add_argument("--watch", action="store_true", help="print the states as JSON Lines")
    parser.add_argument("--chunks", action="store_true", help="print the chunks as JSON Lines")
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()

    # The client chooses the id, so that the upload has a name before the server answers.
    request_id = arguments.request_id or uuid.uuid4()
    print(f"to resume after an interruption: --request-id {request_id}", file=sys.stderr)
    spec = uploads_pb2.UploadSpec(
        collection=f"collections/{arguments.collection}",
        document_id=arguments.document_id,
        request_id=str(request_id),
    )
    with open_channel(arguments.server) as channel:
        try:
            done = upload(channel, arguments.file, spec, arguments.request_id is not None)
            print(done.name)
            if arguments.watch:
                for operation in watch(channel, done.operation):
                    state = operations_pb2.Operation.State.Name(operation.state)
                    print(json.dumps({"seq": operation.seq, "state": state}))
            if arguments.chunks:
                for chunk in read_chunks(channel, done.document, done.version):
                    line = {
                        "ordinal": chunk.ordinal,
                        "start_byte": chunk.start.byte,
                        "end_byte": chunk.end.byte,
                        "text": chunk.text,
                    }
                    print(json.dumps(line))
        except grpc.RpcError as error:
            sys.exit(f"{error.details()} ({error.code().name})")
        except (Incomplete, Refused, OSError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
