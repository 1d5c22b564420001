// Follows operations over one WebSocket, and reconnects whenever it closes.
// For browsers, and for Node 22 or later (20 with --experimental-websocket).

const TERMINAL = new Set(['STATE_SUCCEEDED', 'STATE_FAILED', 'STATE_CANCELLED']);
// Close codes after which another attempt cannot succeed: the program or the caller has to change.
const FINAL = new Set([1009, 4029, 4400]);
const WAIT_FIRST_MS = 1_000;
const WAIT_MOST_MS = 30_000;

// Calls onState with each state, and resolves when all operations have ended. Rejects if the server refuses.
// url: ws://127.0.0.1:50051/v1/ws; operations: ['operations/…'].
export function watch(url, operations, onState) {
  const seen = new Map(operations.map((operation) => [operation, '0']));
  return new Promise((resolve, reject) => {
    let failures = 0;
    const connect = () => {
      if (seen.size === 0) return resolve();
      const socket = new WebSocket(url);
      let reconnectAfterMs = null;
      let refusal = null;
      socket.onopen = () => {
        for (const [operation, after_seq] of seen) {
          socket.send(JSON.stringify({ type: 'subscribe', operation, after_seq }));
        }
      };
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === 'state') {
          const { name, seq, state } = frame.operation;
          failures = 0;
          if (TERMINAL.has(state)) seen.delete(name);
          else seen.set(name, seq);
          onState(frame.operation);
          if (seen.size === 0) socket.close();
        } else if (frame.type === 'goodbye') {
          reconnectAfterMs = frame.reconnect_after_ms;
        } else if (frame.type === 'error') {
          refusal = new Error(`${frame.reason}: ${frame.message}`);
          // A transient error is retried on a new socket.
          if (frame.retry_after_ms === undefined) seen.clear();
          else reconnectAfterMs = frame.retry_after_ms;
          socket.close();
        }
      };
      // onclose follows, with the code.
      socket.onerror = () => {};
      socket.onclose = ({ code }) => {
        if (FINAL.has(code)) return reject(refusal ?? new Error(`closed with ${code}`));
        if (seen.size === 0) return refusal ? reject(refusal) : resolve();
        failures += 1;
        const most = Math.min(WAIT_MOST_MS, WAIT_FIRST_MS * 2 ** failures);
        setTimeout(connect, reconnectAfterMs ?? Math.random() * most);
      };
    };
    connect();
  });
}

// node watch.mjs ws://127.0.0.1:50051/v1/ws operations/… [operations/…]
if (typeof process !== 'undefined' && import.meta.url === `file://${process.argv[1]}`) {
  const [url, ...operations] = process.argv.slice(2);
  const print = ({ name, seq, state }) => console.log(JSON.stringify({ name, seq, state }));
  watch(url, operations, print).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
