// Uploads a file to Sluice, resumes after failures, and can print its states and chunks.

import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

import { readChunks, upload, watch } from "./sluice_client.js";
import { connect } from "./stubs.js";

const USAGE = `usage: sluice_upload.js [--server HOST:PORT] --collection ID --document-id ID
                        [--request-id UUID] [--watch] [--chunks] FILE`;

function parseArguments() {
  const options = {
    server: { type: "string", default: "127.0.0.1:50051" },
    collection: { type: "string" },
    "document-id": { type: "string" },
    "request-id": { type: "string" },
    watch: { type: "boolean", default: false },
    chunks: { type: "boolean", default: false },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (!values.collection || !values["document-id"] || positionals.length !== 1) throw new Error(USAGE);
  return { ...values, file: positionals[0] };
}

async function main() {
  const { file, server, watch: watches, chunks, collection, ...ids } = parseArguments();
  // The client chooses the id, so that the upload has a name before the server answers.
  const requestId = ids["request-id"] ?? randomUUID();
  console.error(`to resume after an interruption: --request-id ${requestId}`);
  const spec = {
    collection: `collections/${collection}`,
    document_id: ids["document-id"],
    request_id: requestId,
  };
  const stubs = connect(server);
  try {
    const done = await upload(stubs, file, spec, ids["request-id"] !== undefined);
    console.log(done.name);
    if (watches) {
      for await (const { seq, state } of watch(stubs.operations, done.operation)) {
        console.log(JSON.stringify({ seq, state }));
      }
    }
    if (!chunks) return;
    for await (const { ordinal, start, end, text } of readChunks(stubs.chunks, done.document, done.version)) {
      console.log(JSON.stringify({ ordinal, start_byte: start.byte, end_byte: end.byte, text }));
    }
  } finally {
    for (const stub of Object.values(stubs)) stub.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
