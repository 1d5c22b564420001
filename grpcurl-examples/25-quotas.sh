#!/usr/bin/env bash
# A tenant and what it may keep: set, shown, and refused if it is none.
set -euo pipefail
source "$(dirname "$0")/common.sh"

# It may be there already.
ask sluice.v1.AdminService/CreateTenant '{ "tenantId": "tour" }'
[ "$status" -eq 70 ] || [ "$status" -eq 0 ] || fail "$answer"

call sluice.v1.AdminService/UpdateTenant '{
  "name": "tenants/tour", "quotas": { "documents": 100, "bytes": 1000000000 }
}'
expect bytes 1000000000
expect name tenants/tour
# It is counted now: nothing is there.
says '"usage"'
fails 67 INVALID_FIELD sluice.v1.AdminService/UpdateTenant '{ "name": "tenants/tour", "quotas": { "bytes": -1 } }'

# As much as it likes again.
call sluice.v1.AdminService/UpdateTenant '{ "name": "tenants/tour", "quotas": {} }'
call sluice.v1.AdminService/GetTenant '{ "name": "tenants/tour" }'
expect usage null
fails 69 NOT_FOUND sluice.v1.AdminService/GetTenant '{ "name": "tenants/nobody" }'
