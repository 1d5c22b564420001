// Retries: transient failures, and the wait before the next attempt.

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// Broken connections and busy servers. Any other status is final.
const PASSING = new Set([
  status.UNAVAILABLE,
  status.UNKNOWN,
  status.INTERNAL,
  status.ABORTED,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
]);
// The longest wait after the first failure, in milliseconds. It doubles with each failure, up to WAIT_LAST.
const WAIT_FIRST = 500;
const WAIT_LAST = 30_000;
// Consecutive failures without progress after which the client gives up.
const FAILURES_MAX = 12;

const details = loadSync(fileURLToPath(new URL("error_details.proto", import.meta.url)), {
  keepCase: true,
  longs: Number,
});

// The server answered OK before the upload was complete.
export class Incomplete extends Error {}

// Counts the failures since the last progress.
export class Retries {
  failures = 0;

  // A long upload may fail often, so only failures without progress count.
  progressed() {
    this.failures = 0;
  }

  // Waits until the next attempt is due, or throws the error if it is final.
  async waitAfter(error) {
    const { reason, delay } = detailsOf(error);
    // Another writer has taken over. Two writers that supersede each other would never stop.
    const passes = PASSING.has(error.code) && reason !== "UPLOAD_SUPERSEDED";
    if (!passes && !(error instanceof Incomplete)) throw error;
    this.failures += 1;
    if (this.failures >= FAILURES_MAX) throw error;
    // Exponential backoff with full jitter, so that clients that were disconnected together do not reconnect
    // together. The wait that the server asks for is added.
    const longest = Math.min(WAIT_FIRST * 2 ** (this.failures - 1), WAIT_LAST);
    await sleep(delay + Math.random() * longest);
  }
}

// Returns the reason of the ErrorInfo and the milliseconds of the RetryInfo, if there are any.
function detailsOf(error) {
  const found = { reason: "", delay: 0 };
  const [encoded] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!encoded) return found;
  for (const { type_url, value } of details["google.rpc.Status"].deserialize(encoded).details ?? []) {
    const name = type_url.split("/").pop();
    if (name === "google.rpc.ErrorInfo") {
      found.reason = details[name].deserialize(value).reason;
    } else if (name === "google.rpc.RetryInfo") {
      const { seconds = 0, nanos = 0 } = details[name].deserialize(value).retry_delay ?? {};
      found.delay = seconds * 1e3 + nanos / 1e6;
    }
  }
  return found;
}
