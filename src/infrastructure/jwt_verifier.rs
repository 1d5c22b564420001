//! Verifies the tokens of an issuer (RFC 7519) with its public keys (RFC 7517).
//!
//! The algorithm is the key's, not the token's. Each key has one algorithm, and a token that names another is
//! rejected before anything is computed. So no token can use a public key as a shared secret, or omit its signature
//! (RFC 8725, 3.1).

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::application::ports::token_verifier::{Bearer, Claims};
use crate::domain::identity::role::Role;
use crate::domain::names::resource::{Principal, TenantId};
use crate::infrastructure::reloading_files::{Error, Refused, Watched};

/// The largest difference in seconds between the issuer's clock and the server's. A token is accepted this long
/// after its `exp` and before its `nbf`.
const SKEW_SECONDS: u64 = 60;
/// The longest token that is read, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Header members that change how the rest is read: extensions that must be understood (RFC 7515, 4.1.11), and a
/// compressed or encrypted payload (RFC 7516, 4.1.2 and 4.1.3). This server understands none of them.
const NOT_UNDERSTOOD: [&str; 3] = ["crit", "zip", "enc"];
/// Accepted token types, in lower case: a plain token (RFC 7519, 5.1) and an access token (RFC 9068, 2.1). The same
/// key may sign other types, such as a logout notice (RFC 8725, 3.11).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// The keys, algorithms and claims that are accepted.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file with the issuer's keys, a JSON Web Key Set.
    pub jwks_file: PathBuf,
    /// The algorithms that tokens may be signed with. Only asymmetric ones match a key.
    pub algorithms: Vec<Algorithm>,
    /// The required value of `iss`.
    pub issuer: String,
    /// The value that `aud` must be or contain.
    pub audience: String,
    /// The name of the claim with the tenant.
    pub tenant_claim: String,
    /// The name of the claim with the role.
    pub role_claim: String,
}

/// Verifies the tokens of one issuer.
#[derive(Debug)]
pub struct Issuer {
    settings: Settings,
    keys: watch::Receiver<Arc<KeySet>>,
}

/// The keys that can verify tokens.
pub struct KeySet(Vec<VerificationKey>);

impl std::fmt::Debug for KeySet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|verification_key| &verification_key.id);
        formatter.debug_list().entries(names).finish()
    }
}

struct VerificationKey {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// A key set as it is written (RFC 7517, 5). Keys that are not understood are ignored.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Issuer {
    /// Reads the keys. The caller must run the returned [`Watched`] so that changed keys are read again.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or has no key that could verify a token.
    pub fn open(settings: Settings) -> Result<(Self, Watched<KeySet>), Error> {
        let algorithms = settings.algorithms.clone();
        let make = move |contents: &[Vec<u8>]| keys(contents, &algorithms);
        let watched = Watched::open(vec![settings.jwks_file.clone()], Box::new(make))?;
        let keys = watched.subscribe();
        Ok((Self { settings, keys }, watched))
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if !is_understood(&header(token)?) {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let keys = Arc::clone(&self.keys.borrow());
        let verification_key = keys
            .0
            .iter()
            .find(|verification_key| Some(&verification_key.id) == header.kid.as_ref())?;
        let mut validation = Validation::new(verification_key.algorithm);
        validation.leeway = SKEW_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = jsonwebtoken::decode::<Unique>(token, &verification_key.key, &validation);
        let Unique(claims) = claims.ok()?.claims;
        // The library treats an `nbf` that is not a number as absent.
        if claims.get("nbf").is_some_and(|nbf| !nbf.is_number()) {
            return None;
        }
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let role = Role::named(text(&self.settings.role_claim)?)?;
        Some(Claims {
            tenant: TenantId::parse(text(&self.settings.tenant_claim)?).ok()?,
            principal: Principal::parse(text("sub")?).ok()?,
            role: Some(role).filter(|role| *role < Role::Operator)?,
        })
    }
}

/// Decodes the header of a token.
fn header(token: &str) -> Option<Map<String, Value>> {
    let (encoded, _) = token.split_once('.')?;
    let written = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let Unique(members) = serde_json::from_slice(&written).ok()?;
    Some(members)
}

/// Whether a header has no member that changes how its token is read.
fn is_understood(header: &Map<String, Value>) -> bool {
    let is_plain = NOT_UNDERSTOOD
        .iter()
        .all(|name| !header.contains_key(*name));
    // `false` would mean that the signature covers the unencoded payload (RFC 7797, 3).
    let is_encoded = header
        .get("b64")
        .is_none_or(|b64| *b64 == Value::Bool(true));
    let is_believed = header.get("typ").is_none_or(|is| {
        let is = is.as_str().unwrap_or_default().to_ascii_lowercase();
        TYPES.contains(&is.strip_prefix("application/").unwrap_or(&is))
    });
    is_plain && is_encoded && is_believed
}

/// A JSON object whose members have distinct names. If two members share a name, two readers may pick different ones
/// (RFC 7515, 4 and RFC 7519, 4).
#[derive(Debug)]
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut unique = Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if unique.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("two members have the same name"));
            }
        }
        Ok(Unique(unique))
    }
}

impl Bearer for Issuer {
    fn verify(&self, token: &str) -> Option<Claims> {
        (token.len() <= TOKEN_BYTES_MAX)
            .then(|| self.claims(token))
            .flatten()
    }
}

fn keys(contents: &[Vec<u8>], algorithms: &[Algorithm]) -> Result<KeySet, Refused> {
    let content = contents.first().map(Vec::as_slice).unwrap_or_default();
    let set: Set = serde_json::from_slice(content)?;
    let keys = set.keys.into_iter().filter_map(verification_key);
    let keys = keys
        .filter(|verification_key| algorithms.contains(&verification_key.algorithm))
        .collect::<Vec<_>>();
    if keys.is_empty() {
        return Err("there is no key with a kid and an algorithm that is allowed".into());
    }
    Ok(KeySet(keys))
}

/// Returns a key if it is understood, has a name, and is for signatures.
fn verification_key(written: Value) -> Option<VerificationKey> {
    let jwk: Jwk = serde_json::from_value(written).ok()?;
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(of) if of.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(of) if of.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        AlgorithmParameters::EllipticCurve(_)
        | AlgorithmParameters::OctetKeyPair(_)
        | AlgorithmParameters::OctetKey(_) => return None,
    };
    let says = jwk.common.key_algorithm.map(|says| says.to_string());
    let is_for_it = says.is_none_or(|says| says == format!("{algorithm:?}"));
    let is_for_signatures = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
    if !is_for_it || !is_for_signatures {
        return None;
    }
    Some(VerificationKey {
        key: DecodingKey::from_jwk(&jwk).ok()?,
        id: jwk.common.key_id?,
        algorithm,
    })
}
