#!/usr/bin/env bash
# The standard health service, as load balancers call it.
set -euo pipefail
source "$(dirname "$0")/common.sh"

call grpc.health.v1.Health/Check '{}'
expect status SERVING
fails 69 NOT_FOUND grpc.health.v1.Health/Check '{ "service": "no.such.Service" }'
