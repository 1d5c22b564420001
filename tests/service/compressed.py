"""Calls a Sluice whose messages are compressed by gzip: a list, an upload, and the reading of it.

Usage: compressed.py SERVER. Prints the number of chunks.
"""

import sys
import uuid

import grpc

from sluice.v1 import chunks_pb2, chunks_pb2_grpc, collections_pb2, collections_pb2_grpc
from sluice.v1 import uploads_pb2, uploads_pb2_grpc

TEXT = b"A sentence of a text that is compressed well. " * 4000


def main():
    options = {"compression": grpc.Compression.Gzip}
    with grpc.insecure_channel(sys.argv[1], **options) as channel:
        collections = collections_pb2_grpc.CollectionServiceStub(channel)
        collections.ListCollections(collections_pb2.ListCollectionsRequest())
        spec = uploads_pb2.UploadSpec(
            collection="collections/c", document_id="zipped", request_id=str(uuid.uuid4())
        )
        message = uploads_pb2.UploadDocumentRequest(spec=spec, content=TEXT, finish_write=True)
        uploads_pb2_grpc.UploadServiceStub(channel).UploadDocument(iter([message]))
        reading = chunks_pb2_grpc.ChunkServiceStub(channel).StreamChunks(
            chunks_pb2.StreamChunksRequest(document="collections/c/documents/zipped")
        )
        chunks = [chunk for page in reading for chunk in page.chunks]
        last = chunks[-1].end.byte
        assert last == len(TEXT), (last, len(TEXT))
        print(len(chunks))


main()
