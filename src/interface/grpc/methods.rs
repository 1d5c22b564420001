//! The methods of this API, as the protos declare them, with the role of the caller and the rate class.

use crate::domain::identity::role::Role;
use crate::domain::limits::class::RateClass;

/// The declaration of a method in its proto.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Method {
    /// The path of its calls: `/sluice.v1.Service/Method`.
    pub path: &'static str,
    /// The budget that its calls use.
    pub class: RateClass,
    /// The lowest role that may call it.
    pub role: Role,
    /// Whether the client sends a stream of messages.
    pub is_client_stream: bool,
}

include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// Returns the method at a path. `None` if it is not of this API.
#[must_use]
pub fn at(path: &str) -> Option<&'static Method> {
    let found = METHODS.binary_search_by(|method| method.path.cmp(path));
    found.ok().and_then(|index| METHODS.get(index))
}

#[cfg(test)]
mod tests {
    use super::{METHODS, at};
    use crate::domain::identity::role::Role;
    use crate::domain::limits::class::RateClass;

    #[test]
    fn methods_are_found_by_their_paths() {
        assert!(METHODS.iter().all(|method| at(method.path) == Some(method)));
        let moved = at("/sluice.v1.PartitionService/MoveDocument").unwrap();
        assert_eq!((moved.class, moved.role), (RateClass::Admin, Role::Admin));
        assert_eq!(at("/grpc.health.v1.Health/Check"), None);
    }
}
