//! Tokens of an issuer: accepted only if every part of them is right.

use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ED25519};
use serde_json::{Value, json};
use sluice::config::Config;
use sluice::interface::grpc::pb;
use tonic::Code;

use crate::support::access::{Guarded, call};
use crate::support::world::{Folder, reason};

pub(crate) const READ: &str = "/sluice.v1.CollectionService/ListCollections";
const WRITE: &str = "/sluice.v1.CollectionService/CreateCollection";
const ADMIN: &str = "/sluice.v1.AdminService/GetServerInfo";
const OPERATE: &str = "/sluice.v1.AdminService/ListTenants";

/// An issuer: a private key, and its public key as published.
pub(crate) struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    private: EncodingKey,
    public: Value,
    /// The bytes of the public key, which an attacker may use as a shared secret.
    raw: Vec<u8>,
}

impl Signer {
    pub(crate) fn elliptic(id: &'static str) -> Self {
        let pair = KeyPair::generate().unwrap();
        let raw = pair.public_key_raw().to_vec();
        let (x, y) = (encoded(&raw[1..33]), encoded(&raw[33..65]));
        let public =
            json!({"kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y, "alg": "ES256"});
        let private = EncodingKey::from_ec_der(&pair.serialize_der());
        Self {
            id,
            algorithm: Algorithm::ES256,
            private,
            public,
            raw,
        }
    }

    fn edwards(id: &'static str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let raw = pair.public_key_raw().to_vec();
        let public = json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": encoded(&raw)});
        let private = EncodingKey::from_ed_der(&pair.serialize_der());
        Self {
            id,
            algorithm: Algorithm::EdDSA,
            private,
            public,
            raw,
        }
    }

    /// Creates the key with OpenSSL, because the crates of the tests create no RSA keys.
    fn rsa(id: &'static str, folder: &Folder) -> Self {
        let file = folder.0.join("rsa.pem");
        let run = |arguments: &[&str]| {
            let done = Command::new("openssl").args(arguments).output().unwrap();
            assert!(done.status.success());
            done.stdout
        };
        let file = file.to_str().unwrap();
        run(&["genrsa", "-out", file, "2048"]);
        let der = run(&["rsa", "-in", file, "-traditional", "-outform", "DER"]);
        let modulus = String::from_utf8(run(&["rsa", "-in", file, "-noout", "-modulus"])).unwrap();
        let digits = modulus.trim().trim_start_matches("Modulus=");
        let raw = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect::<Vec<_>>();
        let public =
            json!({"kty": "RSA", "kid": id, "use": "sig", "n": encoded(&raw), "e": "AQAB"});
        Self {
            id,
            algorithm: Algorithm::RS256,
            private: EncodingKey::from_rsa_der(&der),
            public,
            raw,
        }
    }

    /// Signs any header and claims exactly as written.
    pub(crate) fn sign_written(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            encoded(header.as_bytes()),
            encoded(claims.as_bytes())
        );
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.private, self.algorithm);
        format!("{signed}.{}", signature.unwrap())
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

/// Returns valid claims.
pub(crate) fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": ["other", "sluice"], "sub": "auth|ada",
        "exp": now() + 300, "tenant": "acme", "role": "writer",
    })
}

/// Returns valid claims with one of them changed, or without it if the value is null.
pub(crate) fn but(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    let all = claims.as_object_mut().unwrap();
    if value.is_null() {
        all.remove(claim);
    } else {
        all.insert(claim.to_owned(), value);
    }
    claims
}

pub(crate) fn publish(folder: &Folder, signers: &[&Signer]) {
    // Keys of an unknown or a forbidden type do not prevent the use of the others.
    let mut keys = vec![
        json!({"kty": "AKP", "kid": "new", "alg": "ML-DSA-44", "pub": "AAAA"}),
        json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": encoded(b"secret")}),
    ];
    keys.extend(signers.iter().map(|signer| signer.public.clone()));
    let temporary = folder.0.join("jwks.new");
    std::fs::write(&temporary, json!({ "keys": keys }).to_string()).unwrap();
    std::fs::rename(temporary, folder.0.join("jwks.json")).unwrap();
}

pub(crate) fn believing(config: &mut Config, folder: &Folder) {
    config.identity.jwt.jwks_file = folder.0.join("jwks.json");
    "https://issuer.example".clone_into(&mut config.identity.jwt.issuer);
    "sluice".clone_into(&mut config.identity.jwt.audience);
}

pub(crate) async fn code(world: &Guarded, token: &str, path: &'static str) -> Code {
    match call(world.by(token), path, Vec::new()).await {
        Ok(_) => Code::Ok,
        Err(status) => {
            if status.code() == Code::Unauthenticated {
                assert_eq!(reason(&status), "CREDENTIAL_REFUSED");
            }
            status.code()
        }
    }
}

#[tokio::test]
async fn a_token_authenticates_by_its_claims() {
    let keys = Folder::new();
    let signers = [
        Signer::elliptic("elliptic"),
        Signer::edwards("edwards"),
        Signer::rsa("rsa", &keys),
    ];
    let world = Guarded::start_with(|config, folder| {
        publish(folder, &signers.each_ref());
        believing(config, folder);
    })
    .await;
    let without_tenant = code(&world, &signers[0].sign(&claims()), READ).await;
    assert_eq!(
        without_tenant,
        Code::Unauthenticated,
        "the tenant does not exist"
    );
    world.tenant("acme").await;
    let invalid = Code::InvalidArgument;
    for signer in &signers {
        let token = signer.sign(&claims());
        assert_eq!(code(&world, &token, READ).await, Code::Ok, "{}", signer.id);
        assert_eq!(code(&world, &token, WRITE).await, invalid, "{}", signer.id);
        let denied = code(&world, &token, ADMIN).await;
        assert_eq!(denied, Code::PermissionDenied);
        let reader = signer.sign(&but("role", json!("reader")));
        assert_eq!(code(&world, &reader, READ).await, Code::Ok);
        assert_eq!(code(&world, &reader, WRITE).await, Code::PermissionDenied);
        let admin = signer.sign(&but("role", json!("admin")));
        assert_eq!(code(&world, &admin, ADMIN).await, Code::Ok);
        assert_eq!(code(&world, &admin, OPERATE).await, Code::PermissionDenied);
        for skewed in [
            but("exp", json!(now() - 30)),
            but("nbf", json!(now() + 30)),
            but("aud", json!("sluice")),
        ] {
            let token = signer.sign(&skewed);
            assert_eq!(code(&world, &token, READ).await, Code::Ok, "{skewed}");
        }
    }
    let name = "tenants/acme".to_owned();
    let disabled = pb::UpdateTenantRequest {
        name,
        disabled: Some(true),
        quotas: None,
    };
    world.admin().update_tenant(disabled).await.unwrap();
    let token = signers[0].sign(&claims());
    refused_within(Duration::from_secs(5), &world, &token).await;
}

/// Polls until a credential is refused.
async fn refused_within(most: Duration, world: &Guarded, token: &str) {
    let begun = Instant::now();
    while code(world, token, READ).await != Code::Unauthenticated {
        assert!(begun.elapsed() < most, "the token is still accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_token_with_a_wrong_part_is_refused() {
    let (signer, unpublished) = (Signer::elliptic("one"), Signer::elliptic("one"));
    let other = Signer::edwards("two");
    let world = Guarded::start_with(|config, folder| {
        publish(folder, &[&signer, &other]);
        believing(config, folder);
    })
    .await;
    world.tenant("acme").await;
    let token = signer.sign(&claims());
    assert_eq!(code(&world, &token, READ).await, Code::Ok);
    let wrong = [
        but("exp", json!(now() - 90)),
        but("exp", Value::Null),
        but("exp", json!("9999999999")),
        but("nbf", json!(now() + 90)),
        but("nbf", json!("9999999999")),
        but("aud", json!("another")),
        but("aud", Value::Null),
        but("iss", json!("https://evil.example")),
        but("iss", Value::Null),
        but("sub", Value::Null),
        but("sub", json!("a b")),
        but("tenant", Value::Null),
        but("tenant", json!("../acme")),
        but("tenant", json!(["acme"])),
        but("role", Value::Null),
        but("role", json!("root")),
        but("role", json!("operator")),
    ];
    for claims in wrong {
        let refused = code(&world, &signer.sign(&claims), READ).await;
        assert_eq!(refused, Code::Unauthenticated, "{claims}");
    }
    for (forged, why) in forged(&signer, &unpublished, &other, &token) {
        let refused = code(&world, &forged, READ).await;
        assert_eq!(refused, Code::Unauthenticated, "{why}");
    }
}

/// Returns tokens with valid claims and invalid signatures, each with its fault.
fn forged(
    signer: &Signer,
    unpublished: &Signer,
    other: &Signer,
    right: &str,
) -> Vec<(String, &'static str)> {
    let part = |value: Value| encoded(value.to_string().as_bytes());
    let parts = right.split('.').collect::<Vec<_>>();
    let unsigned = |alg: &str| {
        let header = part(json!({"alg": alg, "typ": "JWT", "kid": "one"}));
        format!("{header}.{}.", part(claims()))
    };
    let named = |kid: Option<&str>, algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, &claims(), key).unwrap()
    };
    let hmac = |kid, secret: &[u8]| {
        named(
            Some(kid),
            Algorithm::HS256,
            &EncodingKey::from_secret(secret),
        )
    };
    let admin = part(but("role", json!("admin")));
    let x = signer.public["x"].as_str().unwrap();
    let header = part(json!({"alg": "ES256", "kid": "evil", "jwk": unpublished.public}));
    let own = unpublished.sign(&claims());
    let own = own.rsplit('.').next().unwrap();
    vec![
        (unsigned("none"), "no signature"),
        (unsigned("NONE"), "no signature, in capitals"),
        (unsigned("ES256"), "an empty signature"),
        (hmac("one", &signer.raw), "the public key as a secret"),
        (hmac("one", x.as_bytes()), "a part of it as a secret"),
        (hmac("two", &other.raw), "the other public key as a secret"),
        (
            hmac("shared", b"secret"),
            "a shared secret that was published",
        ),
        (
            unpublished.sign(&claims()),
            "another's key under the same kid",
        ),
        (
            named(Some("two"), Algorithm::ES256, &signer.private),
            "the right key under the other's kid",
        ),
        (
            named(Some("three"), Algorithm::ES256, &signer.private),
            "a kid that is not known",
        ),
        (named(None, Algorithm::ES256, &signer.private), "no kid"),
        (
            format!("{}.{admin}.{}", parts[0], parts[2]),
            "claims that were changed",
        ),
        (format!("{header}.{}.{own}", parts[1]), "a key of its own"),
        (format!("{}.{}", parts[0], parts[1]), "two parts"),
        (format!("{right}.{}", parts[2]), "four parts"),
        (format!("{right}{}", "A".repeat(9_000)), "far too long"),
    ]
}

/// An issuer changes its keys. A broken file in between keeps the keys in use.
#[tokio::test]
async fn published_keys_are_reloaded_when_they_change() {
    let (before, after) = (Signer::elliptic("before"), Signer::edwards("after"));
    let world = Guarded::start_with(|config, folder| {
        publish(folder, &[&before]);
        believing(config, folder);
    })
    .await;
    world.tenant("acme").await;
    let (old, new) = (before.sign(&claims()), after.sign(&claims()));
    assert_eq!(code(&world, &old, READ).await, Code::Ok);
    assert_eq!(code(&world, &new, READ).await, Code::Unauthenticated);
    publish(&world.folder, &[&after]);
    refused_within(Duration::from_secs(10), &world, &old).await;
    assert_eq!(code(&world, &new, READ).await, Code::Ok);
    std::fs::write(world.folder.0.join("jwks.json"), "{").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(code(&world, &new, READ).await, Code::Ok);
}
