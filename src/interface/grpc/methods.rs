//! Every method of ours, as its proto declares it: what a caller must be allowed to do, and how often.

use crate::domain::identity::role::Role;
use crate::domain::limits::class::RateClass;

/// What a proto says of a method.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Method {
    /// Where it is called: `/sluice.v1.Service/Method`.
    pub path: &'static str,
    /// Its budget.
    pub class: RateClass,
    /// What a caller needs.
    pub role: Role,
    /// Whether the client sends a stream of messages.
    pub is_client_stream: bool,
}

include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// The method at a path; none if it is not of ours.
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
