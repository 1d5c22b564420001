// The same as early.py by grpc-js. Usage: early.mjs SERVER CALLS COMMITS PACKAGE, the package.json of the node client.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const [, , server, ...rest] = process.argv;
const [calls, commits] = rest.slice(0, 2).map(Number);
const manifest = rest[2];
const require = createRequire(manifest);
const { Client, credentials, loadPackageDefinition, status } = require("@grpc/grpc-js");
const { loadSync } = require("@grpc/proto-loader");

const protos = join(dirname(manifest), "../../proto");
const files = ["uploads", "chunking"].map((name) => `sluice/v1/${name}.proto`);
const { v1 } = loadPackageDefinition(loadSync(files, { includeDirs: [protos], keepCase: true })).sluice;
const open = (Service) => new Service(server, credentials.createInsecure());
const [uploads, chunking, plain] = [v1.UploadService, v1.ChunkingService, Client].map(open);

// Waits for the status of a call whose side stays open, or ends once the message is on its way.
function ended(call, stays, messages, code) {
  return new Promise((resolve, reject) => {
    const told = (got) => (got === code ? resolve() : reject(new Error(`${got} and not ${code}`)));
    call.on("status", (status) => told(status.code));
    call.on("error", () => {}); // The status says it.
    call.on("data", () => {});
    for (const message of messages) call.write(message);
    if (!stays) setImmediate(() => call.end());
  });
}

const stream = (client, method, stays, messages, code) => ended(client[method](), stays, messages, code);
// A client stream has a callback instead of data.
const sent = (client, method, stays, messages, code) => ended(client[method](() => {}), stays, messages, code);
const bytes = (message) => message;
const unknown = "/sluice.v1.UploadService/Nothing";

const upload = () => {
  const spec = { collection: "collections/c", document_id: "d", request_id: randomUUID() };
  return { spec, content: Buffer.from("A short document."), finish_write: true };
};
const specMissing = { content: Buffer.from("No spec.") };
const text = { content: Buffer.from("A text."), finish_write: true };
const { OK, INVALID_ARGUMENT, UNIMPLEMENTED } = status;

const kinds = {
  "UploadDocument": (stays) => sent(uploads, "UploadDocument", stays, [upload()], OK),
  "StreamDocument": (stays) => stream(uploads, "StreamDocument", stays, [{ write: upload() }], OK),
  "ChunkStream": (stays) => stream(chunking, "ChunkStream", stays, [text], OK),
  "UploadDocument refused": (stays) => sent(uploads, "UploadDocument", stays, [specMissing], INVALID_ARGUMENT),
  "StreamDocument refused": (stays) => stream(uploads, "StreamDocument", stays, [{ write: specMissing }], INVALID_ARGUMENT),
  "an unknown method": (stays) =>
    ended(plain.makeBidiStreamRequest(unknown, bytes, bytes), stays, [Buffer.alloc(10_000)], UNIMPLEMENTED),
  "an unknown method, unary": () =>
    new Promise((resolve, reject) => {
      plain.makeUnaryRequest(unknown, bytes, bytes, Buffer.alloc(100_000), (error) =>
        error?.code === UNIMPLEMENTED ? resolve() : reject(error),
      );
    }),
};
for (const [kind, once] of Object.entries(kinds)) {
  const number = ["UploadDocument", "StreamDocument"].includes(kind) ? commits : calls;
  for (let call = 0; call < number; call += 1) await once(call % 2 === 0);
  console.log(kind, number);
}
for (const client of [uploads, chunking, plain]) client.close();
