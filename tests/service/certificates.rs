//! TLS: encrypted connections, and clients that authenticate with certificates.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use sluice::domain::ingest::digest::sha256;
use sluice::interface::grpc::pb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status};

use crate::support::access::{Guarded, by, call};
use crate::support::world::{Folder, reason};

const READ: &str = "/sluice.v1.CollectionService/ListCollections";
const OPERATE: &str = "/sluice.v1.AdminService/ListTenants";

/// A certificate authority for tests.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its private key.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    digest: [u8; 32],
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    pub(crate) fn certify(&self, name: &str) -> Pair {
        self.certify_until(name, 4096)
    }

    /// Issues a certificate that is valid until the end of `year`.
    pub(crate) fn certify_until(&self, name: &str, year: i32) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            digest: sha256(certificate.der()),
        }
    }
}

fn install(folder: &Folder, pair: &Pair) {
    std::fs::write(folder.0.join("server.key"), &pair.key).unwrap();
    std::fs::write(folder.0.join("server.pem"), &pair.certificate).unwrap();
}

/// Starts a server with a certificate of the authority. It accepts client certificates of the same authority.
async fn start(authority: &Authority) -> Guarded {
    let mut world = Guarded::start_with(|config, folder| {
        install(folder, &authority.certify("127.0.0.1"));
        std::fs::write(folder.0.join("clients.pem"), &authority.pem).unwrap();
        config.tls.certificate_file = folder.0.join("server.pem");
        config.tls.key_file = folder.0.join("server.key");
        config.tls.client_ca_file = folder.0.join("clients.pem");
    })
    .await;
    world.channel = connect(world.instance.address, authority, None);
    world
}

fn connect(address: SocketAddr, authority: &Authority, shown: Option<&Pair>) -> Channel {
    let authority = Certificate::from_pem(&authority.pem);
    let mut tls = ClientTlsConfig::new().ca_certificate(authority);
    if let Some(shown) = shown {
        tls = tls.identity(Identity::from_pem(&shown.certificate, &shown.key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    endpoint.tls_config(tls).unwrap().connect_lazy()
}

async fn register(world: &Guarded, by: &str, pair: &Pair) -> Result<pb::ApiKey, Status> {
    let request = pb::CreateApiKeyRequest {
        parent: "tenants/acme".to_owned(),
        principal: "machine".to_owned(),
        role: pb::Role::Writer.into(),
        ttl: None,
        certificate_sha256: pair.digest.to_vec().into(),
    };
    let mut client = pb::admin_service_client::AdminServiceClient::new(world.by(by));
    let registered = client.create_api_key(request).await?.into_inner();
    assert_eq!(registered.secret, "");
    Ok(registered.api_key.unwrap())
}

#[tokio::test]
async fn a_registered_certificate_authenticates_its_principal() {
    let authority = Authority::new();
    let world = start(&authority).await;
    world.tenant("acme").await;
    let (known, unknown) = (authority.certify("known"), authority.certify("unknown"));
    let with = |pair| connect(world.instance.address, &authority, Some(pair));
    let told = async |channel: Channel, shown: Option<&str>, path| {
        let answered = call(by(channel, shown), path, Vec::new()).await;
        answered.map_or_else(|status| reason(&status), |_| "OK".to_owned())
    };
    assert_eq!(told(with(&known), None, READ).await, "CREDENTIAL_REFUSED");
    let (_, admin) = world.key("acme", pb::Role::Admin).await;
    let refused = register(&world, &admin, &known).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        "ROLE_TOO_LOW",
        "the certificate may belong to another principal"
    );
    let key = register(&world, &world.operator, &known).await.unwrap();
    assert_eq!(key.certificate_sha256.as_ref(), known.digest);
    let again = register(&world, &world.operator, &known).await;
    assert_eq!(again.unwrap_err().code(), Code::AlreadyExists);

    assert_eq!(told(with(&known), None, READ).await, "OK");
    assert_eq!(told(with(&known), None, OPERATE).await, "ROLE_TOO_LOW");
    assert_eq!(told(with(&unknown), None, READ).await, "CREDENTIAL_REFUSED");
    let plain = || world.channel.clone();
    assert_eq!(told(plain(), None, READ).await, "CREDENTIAL_MISSING");
    assert_eq!(told(plain(), Some(&world.operator), OPERATE).await, "OK");
    // A header takes precedence over the certificate.
    let both = told(with(&known), Some(&world.operator), OPERATE).await;
    assert_eq!(both, "OK");
    let both = told(with(&known), Some("sluice_wrong"), READ).await;
    assert_eq!(both, "CREDENTIAL_REFUSED");
    // A certificate of another authority fails in the handshake already.
    let foreign = Authority::new().certify("known");
    assert_eq!(told(with(&foreign), None, READ).await, "");

    let request = pb::RevokeApiKeyRequest { name: key.name };
    world.admin().revoke_api_key(request).await.unwrap();
    let begun = Instant::now();
    while told(with(&known), None, READ).await == "OK" {
        assert!(begun.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn certificates_change_without_a_restart() {
    let (before, after) = (Authority::new(), Authority::new());
    let world = start(&before).await;
    let address = world.instance.address;
    let trusts = async |authority: &Authority| {
        let channel = connect(address, authority, None);
        let answered = call(by(channel, Some(&world.operator)), OPERATE, Vec::new()).await;
        answered.is_ok()
    };
    assert!(trusts(&before).await && !trusts(&after).await);
    install(&world.folder, &after.certify("127.0.0.1"));
    let begun = Instant::now();
    while !trusts(&after).await {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!trusts(&before).await);
    std::fs::write(world.folder.0.join("server.pem"), "nonsense").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(trusts(&after).await, "the last valid certificate stays");
}

#[tokio::test]
async fn connections_without_a_handshake_are_closed() {
    let world = start(&Authority::new()).await;
    for said in [&b""[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(world.instance.address)
            .await
            .unwrap();
        stream.write_all(said).await.unwrap();
        let mut answered = Vec::new();
        let ended = stream.read_to_end(&mut answered);
        let ended = tokio::time::timeout(Duration::from_secs(8), ended).await;
        assert!(ended.is_ok(), "{said:?}");
    }
}
