//! The admin service.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::application::admin::keys::Keys;
use crate::application::admin::tenants::Tenants;
use crate::application::audit::log::Log;
use crate::application::error::Error;
use crate::application::ports::clock::Clock;
use crate::application::uploads::limits::UploadLimits;
use crate::application::uploads::write::CONTENT_BYTES_MAX;
use crate::domain::ingest::checkpoint::ENGINE_VERSION;
use crate::domain::names::resource::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::convert::resources::time;
use crate::interface::grpc::convert::{audit, identity};
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_server::AdminService;
use crate::interface::grpc::resource_name;

/// Serves tenants, their keys, the audit log, and information about the server.
#[derive(Clone, Debug)]
pub struct Service {
    /// The use cases of tenants.
    pub tenants: Tenants,
    /// The use cases of keys.
    pub keys: Keys,
    /// The audit log.
    pub log: Log,
    /// Facts about the server.
    pub info: Info,
}

/// Facts about the server.
#[derive(Clone, Debug)]
pub struct Info {
    /// Whether instances share its store.
    pub is_shared: bool,
    /// The time of its start.
    pub started_at: Timestamp,
    /// The limits of an upload.
    pub bounds: UploadLimits,
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
}

#[tonic::async_trait]
impl AdminService for Service {
    async fn create_tenant(
        &self,
        request: Request<pb::CreateTenantRequest>,
    ) -> Result<Response<pb::CreateTenantResponse>, Status> {
        let (_operator, request) = extract::of(request)?;
        let id = TenantId::parse(&request.tenant_id)
            .map_err(|error| Error::invalid("tenant_id", error))?;
        let tenant = self.tenants.create(id).await?;
        let tenant = Some(identity::tenant(tenant));
        Ok(Response::new(pb::CreateTenantResponse { tenant }))
    }

    async fn get_tenant(
        &self,
        request: Request<pb::GetTenantRequest>,
    ) -> Result<Response<pb::GetTenantResponse>, Status> {
        let (_operator, request) = extract::of(request)?;
        let tenant = self
            .tenants
            .get(&resource_name::tenant("name", &request.name)?)
            .await?;
        let tenant = Some(identity::tenant(tenant));
        Ok(Response::new(pb::GetTenantResponse { tenant }))
    }

    async fn list_tenants(
        &self,
        request: Request<pb::ListTenantsRequest>,
    ) -> Result<Response<pb::ListTenantsResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::ListTenantsRequest {
            page_size,
            page_token,
        } = request;
        let (list, next_page_token) = self.tenants.list(&caller, page_size, &page_token).await?;
        Ok(Response::new(pb::ListTenantsResponse {
            tenants: list.into_iter().map(identity::tenant).collect(),
            next_page_token,
        }))
    }

    async fn update_tenant(
        &self,
        request: Request<pb::UpdateTenantRequest>,
    ) -> Result<Response<pb::UpdateTenantResponse>, Status> {
        let (_operator, request) = extract::of(request)?;
        let pb::UpdateTenantRequest {
            name,
            disabled,
            quotas,
        } = request;
        let id = resource_name::tenant("name", &name)?;
        let quotas = quotas.map(identity::quotas).transpose()?;
        let tenant = self.tenants.update(&id, disabled, quotas).await?;
        let tenant = Some(identity::tenant(tenant));
        Ok(Response::new(pb::UpdateTenantResponse { tenant }))
    }

    async fn delete_tenant(
        &self,
        request: Request<pb::DeleteTenantRequest>,
    ) -> Result<Response<pb::DeleteTenantResponse>, Status> {
        let (_operator, request) = extract::of(request)?;
        self.tenants
            .delete(&resource_name::tenant("name", &request.name)?)
            .await?;
        Ok(Response::new(pb::DeleteTenantResponse {}))
    }

    async fn create_api_key(
        &self,
        request: Request<pb::CreateApiKeyRequest>,
    ) -> Result<Response<pb::CreateApiKeyResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let (key, secret) = self
            .keys
            .create(&caller, identity::new_key(request)?)
            .await?;
        Ok(Response::new(pb::CreateApiKeyResponse {
            api_key: Some(identity::key(key)),
            secret: secret.map_or_else(String::new, |secret| secret.expose().to_owned()),
        }))
    }

    async fn list_api_keys(
        &self,
        request: Request<pb::ListApiKeysRequest>,
    ) -> Result<Response<pb::ListApiKeysResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::ListApiKeysRequest {
            parent,
            page_size,
            page_token,
        } = request;
        let tenant = resource_name::tenant("parent", &parent)?;
        let keys = &self.keys;
        let (list, next_page_token) = keys.list(&caller, &tenant, page_size, &page_token).await?;
        Ok(Response::new(pb::ListApiKeysResponse {
            api_keys: list.into_iter().map(identity::key).collect(),
            next_page_token,
        }))
    }

    async fn revoke_api_key(
        &self,
        request: Request<pb::RevokeApiKeyRequest>,
    ) -> Result<Response<pb::RevokeApiKeyResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let (tenant, uid) = resource_name::api_key("name", &request.name)?;
        let key = self.keys.revoke(&caller, &tenant, &uid).await?;
        let api_key = Some(identity::key(key));
        Ok(Response::new(pb::RevokeApiKeyResponse { api_key }))
    }

    async fn list_audit_events(
        &self,
        request: Request<pb::ListAuditEventsRequest>,
    ) -> Result<Response<pb::ListAuditEventsResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::ListAuditEventsRequest {
            parent,
            page_size,
            page_token,
            start_time,
            end_time,
        } = request;
        let filter = audit::filter(&parent, start_time, end_time)?;
        let (list, next_page_token) = self
            .log
            .list(&caller, filter, page_size, &page_token)
            .await?;
        Ok(Response::new(pb::ListAuditEventsResponse {
            audit_events: list.into_iter().map(audit::entry).collect(),
            next_page_token,
        }))
    }

    async fn get_server_info(
        &self,
        _request: Request<pb::GetServerInfoRequest>,
    ) -> Result<Response<pb::GetServerInfoResponse>, Status> {
        let Info {
            is_shared,
            started_at,
            bounds,
            clock,
        } = &self.info;
        let store = if *is_shared {
            pb::get_server_info_response::Store::Postgres
        } else {
            pb::get_server_info_response::Store::Sqlite
        };
        let uptime = clock.now().since(*started_at);
        Ok(Response::new(pb::GetServerInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine_version: ENGINE_VERSION.cast_signed(),
            store: store.into(),
            start_time: Some(time(*started_at)),
            uptime: Some(prost_types::Duration {
                seconds: count(uptime.as_secs()),
                nanos: 0,
            }),
            source_bytes_max: count(bounds.source_bytes_max),
            memory_bytes_max: count(bounds.memory_bytes_max as u64),
            content_bytes_max: count(CONTENT_BYTES_MAX as u64),
        }))
    }
}
