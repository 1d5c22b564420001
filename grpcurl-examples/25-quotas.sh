#!/usr/bin/env bash
# The quotas of a tenant: set them, read them, and see a negative one refused.
set -euo pipefail
source "$(dirname "$0")/common.sh"

# The tenant may exist already.
ask sluice.v1.AdminService/CreateTenant '{ "tenantId": "tour" }'
[ "$status" -eq 70 ] || [ "$status" -eq 0 ] || fail "$answer"

call sluice.v1.AdminService/UpdateTenant '{
  "name": "tenants/tour", "quotas": { "documents": 100, "bytes": 1000000000 }
}'
expect bytes 1000000000
expect name tenants/tour
# The tenant is counted now, and keeps nothing.
says '"usage"'
fails 67 INVALID_FIELD sluice.v1.AdminService/UpdateTenant '{ "name": "tenants/tour", "quotas": { "bytes": -1 } }'

# Removes the quota.
call sluice.v1.AdminService/UpdateTenant '{ "name": "tenants/tour", "quotas": {} }'
call sluice.v1.AdminService/GetTenant '{ "name": "tenants/tour" }'
expect usage null
fails 69 NOT_FOUND sluice.v1.AdminService/GetTenant '{ "name": "tenants/nobody" }'
