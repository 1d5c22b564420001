// The server's methods, made from the protos when the program starts.

import { fileURLToPath } from "node:url";

import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// The protos import each other by their paths from here.
const PROTOS = fileURLToPath(new URL("../../proto", import.meta.url));
const FILES = ["collections", "uploads", "chunks", "operations"].map((name) => `sluice/v1/${name}.proto`);
// Offsets are numbers: exact up to 2^53, which is more than any file has.
const LOADING = { includeDirs: [PROTOS], keepCase: true, longs: Number, enums: String, defaults: true };
const { sluice } = loadPackageDefinition(loadSync(FILES, LOADING));

// For calls that answer at once. An upload has no deadline: it takes as long as it takes.
const MILLISECONDS_MAX = 30_000;

const CHANNEL_OPTIONS = {
  // Pings tell a server that is gone from one that is busy: without them, a call on a connection
  // that died silently waits for ever.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // The waits are those of Retries. gRPC has its own between connections, of up to two minutes, in
  // which every call fails at once.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

// The stubs for a server at HOST:PORT; they share its connection.
export function connect(server) {
  const { CollectionService, UploadService, ChunkService, OperationService } = sluice.v1;
  const stub = (Service) => new Service(server, credentials.createInsecure(), CHANNEL_OPTIONS);
  return {
    collections: stub(CollectionService),
    uploads: stub(UploadService),
    chunks: stub(ChunkService),
    operations: stub(OperationService),
  };
}

// A call with one request and one response, as a promise.
export function unary(stub, method, request) {
  const deadline = Date.now() + MILLISECONDS_MAX;
  return new Promise((resolve, reject) => {
    stub[method](request, { deadline }, (error, response) => (error ? reject(error) : resolve(response)));
  });
}
