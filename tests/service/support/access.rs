//! A server that authenticates its clients, and calls of any method with any credential.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue};
use sluice::bootstrap::{self, Instance};
use sluice::config::Config;
use sluice::config::sections::store::Store;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::admin_service_client::AdminServiceClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::support::world::{Folder, connect};

/// The longest wait for the first message of a stream.
const QUIET_MAX: Duration = Duration::from_secs(2);
/// The same over gRPC-web, where each stream that starts silent costs the full wait.
const QUIET_WEB_MAX: Duration = Duration::from_millis(700);

/// A channel that sends a credential with each call.
pub(crate) type Shown = InterceptedService<Channel, Shows>;

/// An interceptor that sends a credential. `None` means no credential.
#[derive(Clone)]
pub(crate) struct Shows(pub(crate) Option<String>);

impl Interceptor for Shows {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(shown) = &self.0 {
            let shown = AsciiMetadataValue::try_from(format!("Bearer {shown}")).unwrap();
            request.metadata_mut().insert("authorization", shown);
        }
        Ok(request)
    }
}

/// A server in this process that requires API keys.
pub(crate) struct Guarded {
    pub(crate) instance: Instance,
    pub(crate) channel: Channel,
    pub(crate) folder: Folder,
    /// The API key of the first operator.
    pub(crate) operator: String,
}

impl Guarded {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// Starts a server with the settings that `change` makes.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config, &Folder)) -> Self {
        let folder = Folder::new();
        let mut config = Config {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            store: Store::at(&folder.0.join("test.db")),
            ..Config::default()
        };
        config.identity.api_keys = true;
        // All refused calls of a test come from one address.
        config.limits.auth_failure.burst = 10_000;
        change(&mut config, &folder);
        let operator = bootstrap::first_key(&config.store, false).await;
        let operator = operator.unwrap().unwrap().expose().to_owned();
        let instance = Instance::start(&config).await.unwrap();
        let channel = connect(&format!("http://{}", instance.address));
        Self {
            instance,
            channel,
            folder,
            operator,
        }
    }

    pub(crate) fn by(&self, shown: &str) -> Shown {
        by(self.channel.clone(), Some(shown))
    }

    pub(crate) fn admin(&self) -> AdminServiceClient<Shown> {
        AdminServiceClient::new(self.by(&self.operator))
    }

    pub(crate) async fn tenant(&self, id: &str) {
        let tenant_id = id.to_owned();
        let mut admin = self.admin();
        let created = admin.create_tenant(pb::CreateTenantRequest { tenant_id });
        created.await.unwrap();
    }

    /// Creates a key. Returns its name and its secret.
    pub(crate) async fn key(&self, tenant: &str, role: pb::Role) -> (String, String) {
        self.key_for(tenant, role, None).await
    }

    /// Creates a key that expires after `seconds`. `None` means that the request sets no lifetime.
    pub(crate) async fn key_for(
        &self,
        tenant: &str,
        role: pb::Role,
        seconds: Option<i64>,
    ) -> (String, String) {
        let request = pb::CreateApiKeyRequest {
            parent: format!("tenants/{tenant}"),
            principal: format!("{}@{tenant}", role.as_str_name()),
            role: role.into(),
            ttl: seconds.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
            certificate_sha256: Bytes::new(),
        };
        let made = self.admin().create_api_key(request).await.unwrap();
        let made = made.into_inner();
        (made.api_key.unwrap().name, made.secret)
    }
}

pub(crate) fn by(channel: Channel, shown: Option<&str>) -> Shown {
    InterceptedService::new(channel, Shows(shown.map(str::to_owned)))
}

/// Calls a method of any kind with one message. Returns the first message of the response, or its status.
/// `None` means that the response ended, or stayed silent for 2 s, without a message.
pub(crate) async fn call(
    channel: Shown,
    path: &'static str,
    message: Vec<u8>,
) -> Result<Option<Bytes>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let request = Request::new(tokio_stream::once(message));
    let answered = async {
        let path = http::uri::PathAndQuery::from_static(path);
        let answered = client.streaming(request, path, Raw).await?;
        answered.into_inner().message().await
    };
    match tokio::time::timeout(QUIET_MAX, answered).await {
        Ok(answered) => answered,
        Err(_quiet) => Ok(None),
    }
}

/// Calls a method as web pages do: over HTTP/1.1, in the frames of gRPC-web. Returns `None` unless the call fails.
pub(crate) async fn call_web(
    server: SocketAddr,
    shown: Option<&str>,
    path: &str,
    message: &[u8],
) -> Result<Option<Bytes>, Status> {
    let shown = shown.map_or_else(String::new, |shown| {
        format!("authorization: Bearer {shown}\r\n")
    });
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n{shown}\
         content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ncontent-length: {}\r\n\r\n",
        message.len() + 5
    );
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let request = [head.as_bytes(), &[0], &length, message].concat();
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    let answering =
        async { while stream.read_buf(&mut answer).await.unwrap() > 0 && !has_begun(&answer) {} };
    // A stream without an end stays silent, or continues: the call was admitted.
    let _quiet = tokio::time::timeout(QUIET_WEB_MAX, answering).await;
    match web_status(&answer) {
        Some(status) if status.code() != Code::Ok => Err(status),
        Some(_) | None => Ok(None),
    }
}

/// Whether the answer has a status, or a message.
fn has_begun(answer: &[u8]) -> bool {
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let is_message = |head: usize| {
        // A chunk of HTTP/1.1 begins with its length.
        let body = &answer[head + 4..];
        let frame = body.windows(2).position(|bytes| bytes == b"\r\n");
        frame.is_some_and(|at| body.get(at + 2) == Some(&0))
    };
    web_status(answer).is_some() || head.is_some_and(is_message)
}

/// Returns the status from the head or from the trailers frame. `None` means that it has not arrived in full.
fn web_status(answer: &[u8]) -> Option<Status> {
    let text = String::from_utf8_lossy(answer);
    let at = text.find("grpc-status:")?;
    let mut trailers = HeaderMap::new();
    let block = text[..at]
        .rfind("\r\n\r\n")
        .map_or(&text[..], |_head| &text[at..]);
    let end = block.find("\r\n\r\n").or_else(|| block.find("\r\n0\r\n"))?;
    for line in block[..end].lines().chain(text[at..].lines().take(4)) {
        if let Some((name, value)) = line.split_once(':')
            && name.starts_with("grpc-")
        {
            let value = HeaderValue::from_str(value.trim()).unwrap();
            trailers.insert(HeaderName::try_from(name).unwrap(), value);
        }
    }
    Status::from_header_map(&trailers)
}

/// The protocol of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Over {
    Grpc,
    GrpcWeb,
}

impl Over {
    pub(crate) const ALL: [Self; 2] = [Self::Grpc, Self::GrpcWeb];

    /// Calls a method with an optional credential.
    pub(crate) async fn call(
        self,
        world: &Guarded,
        shown: Option<&str>,
        path: &'static str,
        message: Vec<u8>,
    ) -> Result<Option<Bytes>, Status> {
        match self {
            Self::Grpc => call(by(world.channel.clone(), shown), path, message).await,
            Self::GrpcWeb => call_web(world.instance.address, shown, path, &message).await,
        }
    }
}

/// A codec that passes messages as bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
