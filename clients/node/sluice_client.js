// A Sluice client: upload() sends a file, readChunks() returns its chunks, watch() its states.
//
// All resume after transient failures, and throw errors that no further attempt can fix.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";

import { status } from "@grpc/grpc-js";
import { crc32c } from "@node-rs/crc32";

import { Incomplete, Retries } from "./retries.js";
import { unary } from "./stubs.js";

// The most content bytes that the server accepts in a message.
const CONTENT_BYTES = 256 * 1024;

// Uploads the file, in as many attempts as it takes, and returns the completed upload.
export async function upload(stubs, path, spec, mayHaveBegun) {
  const retries = new Retries();
  let committed = 0;
  for (;;) {
    try {
      // Only the server knows how much it has, so ask it before every attempt.
      const held = mayHaveBegun ? await find(stubs.uploads, `uploads/${spec.request_id}`) : null;
      mayHaveBegun = true;
      const offset = held ? held.committed_offset : 0;
      const digest = await prefixDigest(path, offset);
      if (held) {
        check(held, spec, digest);
      } else {
        await ensureCollection(stubs.collections, spec.collection);
      }
      if (offset > committed) {
        retries.progressed();
        committed = offset;
      }
      const answer = await send(stubs.uploads, messages(path, spec, offset, digest));
      // A stream that ends early is answered OK too. The state shows whether the upload is complete.
      if (answer.upload.state === "STATE_SUCCEEDED") return answer.upload;
      throw new Incomplete("the upload is not complete");
    } catch (error) {
      await retries.waitAfter(error);
    }
  }
}

// Writes the messages as fast as the call accepts them, and returns the answer.
async function send(uploads, messages) {
  let call;
  let hasEnded = false;
  const answered = new Promise((resolve, reject) => {
    call = uploads.UploadDocument((error, answer) => {
      hasEnded = true;
      error ? reject(error) : resolve(answer);
    });
  });
  answered.catch(() => {}); // It may fail before it is awaited, while the file is read.
  try {
    for await (const message of messages) {
      // A call that has ended accepts no more messages, and never drains.
      if (hasEnded) break;
      if (!call.write(message)) await Promise.race([once(call, "drain"), answered]);
    }
    call.end();
    return await answered;
  } catch (error) {
    call.cancel(); // If reading the file failed, the call still runs.
    throw error;
  }
}

// Yields the messages for the file from offset on.
async function* messages(path, spec, offset, digest) {
  // Send the spec each time. The server refuses a request id that is reused with other fields or content, even if the
  // upload is complete and only its answer was lost.
  let target = { spec };
  for await (const content of createReadStream(path, { start: offset, highWaterMark: CONTENT_BYTES })) {
    digest.update(content);
    yield { ...target, write_offset: offset, content, crc32c: crc32c(content) };
    target = {}; // In the first message only.
    offset += content.length;
  }
  // Without finish_write the server keeps the upload open. The digest and the size let it refuse a file that differs
  // from the one read here.
  yield { ...target, write_offset: offset, finish_write: true, sha256: digest.digest(), total_size: offset };
}

// Returns the upload as the server has it, or null if the server does not know it.
async function find(uploads, name) {
  try {
    return (await unary(uploads, "GetUpload", { name })).upload;
  } catch (error) {
    if (error.code === status.NOT_FOUND) return null;
    throw error;
  }
}

// Returns the digest of the first bytes of the file, which can be updated with the rest.
async function prefixDigest(path, length) {
  const digest = createHash("sha256");
  if (length > 0) {
    for await (const content of createReadStream(path, { end: length - 1 })) digest.update(content);
  }
  return digest;
}

// Refuses to resume an upload of another document, one that has failed or was cancelled, or one of another file.
function check(held, spec, digest) {
  if (held.document !== `${spec.collection}/documents/${spec.document_id}`) {
    throw new Error(`${held.name} is an upload of ${held.document}`);
  }
  if (["STATE_FAILED", "STATE_CANCELLED"].includes(held.state)) {
    throw new Error(`${held.name} has failed or was cancelled; upload the file under a new id`);
  }
  // Half of the old file and half of the new one would be a document that never existed.
  if (!digest.copy().digest().equals(held.committed_sha256)) {
    throw new Error("the file has changed since the upload began");
  }
}

// Creates the collection unless it exists.
async function ensureCollection(collections, name) {
  try {
    await unary(collections, "CreateCollection", { collection_id: name.replace("collections/", "") });
  } catch (error) {
    if (error.code !== status.ALREADY_EXISTS) throw error;
  }
}

// Yields the chunks in order. After a failure it resumes after the last one received.
export async function* readChunks(chunks, document, version) {
  const retries = new Retries();
  let last;
  for (;;) {
    try {
      for await (const response of chunks.StreamChunks({ document, after_ordinal: last })) {
        retries.progressed();
        for (const chunk of response.chunks) {
          // Ordinals of one version mean nothing in another.
          if (chunk.version !== version) {
            throw new Error(`${document} has been replaced by version ${chunk.version}`);
          }
          yield chunk;
          last = chunk.ordinal;
        }
      }
      return;
    } catch (error) {
      await retries.waitAfter(error);
    }
  }
}

// Yields the states of an operation, up to the terminal one. After a failure it yields only newer ones.
export async function* watch(operations, name) {
  const retries = new Retries();
  let seq = 0;
  for (;;) {
    try {
      for await (const { operation } of operations.WatchOperation({ name, after_seq: seq })) {
        retries.progressed();
        seq = operation.seq;
        yield operation;
      }
      return;
    } catch (error) {
      await retries.waitAfter(error);
    }
  }
}
