"""Retries: transient failures, and the wait before the next attempt."""

import random
import time

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Broken connections and busy servers. Any other status is final.
PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
# The longest wait after the first failure, in seconds. It doubles with each failure, up to WAIT_LAST.
WAIT_FIRST = 0.5
WAIT_LAST = 30.0
# Consecutive failures without progress after which the client gives up.
FAILURES_MAX = 12


class Incomplete(Exception):
    """The server answered OK before the upload was complete."""


class Retries:
    """Counts the failures since the last progress."""

    def __init__(self):
        self.failures = 0

    def progressed(self):
        """A long upload may fail often, so only failures without progress count."""
        self.failures = 0

    def wait_after(self, error):
        """Waits until the next attempt is due, or raises the error if it is final."""
        reason, delay = "", 0.0
        if isinstance(error, grpc.RpcError):
            reason, delay = details_of(error)
            # Another writer has taken over. Two writers that supersede each other would never stop.
            if error.code() not in PASSING or reason == "UPLOAD_SUPERSEDED":
                raise error
        self.failures += 1
        if self.failures >= FAILURES_MAX:
            raise error
        # Exponential backoff with full jitter, so that clients that were disconnected together do not reconnect
        # together. The wait that the server asks for is added.
        longest = min(WAIT_FIRST * 2 ** (self.failures - 1), WAIT_LAST)
        time.sleep(delay + random.uniform(0, longest))


def details_of(error):
    """Returns the reason of the ErrorInfo and the seconds of the RetryInfo, if there are any."""
    reason, delay = "", 0.0
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(retry):
            delay = retry.retry_delay.ToTimedelta().total_seconds()
    return reason, delay
