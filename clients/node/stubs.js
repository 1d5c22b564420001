// The server's methods, generated from the protos when the program starts.

import { fileURLToPath } from "node:url";

import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// The protos import each other by their paths from here.
const PROTOS = fileURLToPath(new URL("../../proto", import.meta.url));
const FILES = ["collections", "uploads", "chunks", "operations"].map((name) => `sluice/v1/${name}.proto`);
// Offsets are numbers, which are exact up to 2^53, more than the size of any file.
const LOADING = { includeDirs: [PROTOS], keepCase: true, longs: Number, enums: String, defaults: true };
const { sluice } = loadPackageDefinition(loadSync(FILES, LOADING));

// The deadline of calls that are answered immediately. An upload has no deadline.
const MILLISECONDS_MAX = 30_000;

const CHANNEL_OPTIONS = {
  // Keepalive pings distinguish a dead server from a busy one. Without them, a call on a connection that died
  // silently waits forever.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // Retries waits between attempts. gRPC has its own backoff of up to two minutes between connections, in which every
  // call fails immediately.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

// Returns the stubs for a server at HOST:PORT, which share its connection.
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

// Makes a call with one request and one response, and returns a promise.
export function unary(stub, method, request) {
  const deadline = Date.now() + MILLISECONDS_MAX;
  return new Promise((resolve, reject) => {
    stub[method](request, { deadline }, (error, response) => (error ? reject(error) : resolve(response)));
  });
}
