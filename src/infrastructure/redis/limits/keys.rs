//! The names of the limits' keys in Redis.

use std::fmt::Write;

use crate::application::ports::rate_limiter::CounterKey;
use crate::domain::limits::class::{ConcurrencyLimitKind, RateLimitKind};
use crate::domain::names::resource::TenantId;

/// The key that a probe writes.
pub(super) const PROBE: &str = "{rl}:probe";

/// Returns the key of a rate limit or a concurrency limit. The part in braces keeps all keys of a principal on one
/// node of a cluster.
pub(super) fn of(key: &CounterKey) -> String {
    let CounterKey {
        tenant,
        principal,
        limit,
    } = key;
    let tenant = tenant.as_ref().map_or("", TenantId::as_str);
    format!("{{rl:{tenant}:{}}}:{limit}", escaped(principal))
}

/// Returns the key with the list of limits that a tenant has used.
pub(super) fn noted(tenant: &TenantId) -> String {
    format!("{{rl:{}}}:noted", tenant.as_str())
}

/// Parses the name of a key. `None` means that the name is not one of these.
pub(super) fn key(name: &str) -> Option<CounterKey> {
    let (principal, limit) = name.strip_prefix("{rl:")?.split_once("}:")?;
    let (tenant, principal) = principal.split_once(':')?;
    let tenant = match tenant {
        "" => None,
        tenant => Some(TenantId::parse(tenant).ok()?),
    };
    let rate_limit = RateLimitKind::named(limit).map(RateLimitKind::name);
    Some(CounterKey {
        tenant,
        principal: unescaped(principal)?,
        limit: rate_limit
            .or_else(|| ConcurrencyLimitKind::named(limit).map(ConcurrencyLimitKind::name))?,
    })
}

/// Escapes each byte that could end a part as `%` and two hex digits, so that no two principals share a name.
fn escaped(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._@/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _done = write!(escaped, "%{byte:02x}");
        }
    }
    escaped
}

fn unescaped(part: &str) -> Option<String> {
    let mut pieces = part.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{key, of};
    use crate::application::ports::rate_limiter::CounterKey;
    use crate::domain::names::resource::TenantId;

    #[test]
    fn names_are_distinct_for_each_principal_and_parse_back() {
        let mut names = Vec::new();
        for (tenant, principal) in [
            (Some("a"), "b:c"),
            (Some("a-b"), "c"),
            (Some("a"), "}{b"),
            (None, "2001:db8::/64"),
            (Some("e"), "水 %41"),
        ] {
            let known = CounterKey {
                tenant: tenant.map(|tenant| TenantId::parse(tenant).unwrap()),
                principal: principal.to_owned(),
                limit: "sockets",
            };
            let name = of(&known);
            assert_eq!(name.matches(['{', '}']).count(), 2, "{name}");
            assert_eq!(key(&name), Some(known));
            names.push(name);
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 5);
        assert_eq!(key("{rl:a:b}:nonsense"), None);
        assert_eq!(key("{rl:a:%4}:read"), None);
        assert_eq!(key("{rl:A:b}:read"), None);
    }
}
