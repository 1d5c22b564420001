//! The number of bytes of a pool that each owner may have.
//!
//! The rule is that of dynamic thresholds (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory
//! packet switches", IEEE/ACM Transactions on Networking 6(2), 1998): a tenant may hold up to [`FACTOR`] times the
//! free bytes. A lone tenant gets two thirds, two tenants get two fifths each, and a part always stays free for a
//! newcomer. The same rule splits a tenant's part between its principals.

use std::collections::HashMap;
use std::sync::Arc;

use crate::application::caller::Caller;

/// A tenant's share, as a multiple of the free bytes. With 2 a lone tenant leaves a third to newcomers. A larger
/// factor would leave them less; a smaller one would leave more of the pool unused while one tenant is alone.
const FACTOR: usize = 2;

/// A principal of a tenant, whose use of the pool is counted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    tenant: Arc<str>,
    principal: Arc<str>,
}

impl Owner {
    /// Returns the owner of the bytes that a caller takes. Callers without identity are distinguished by their
    /// network.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self {
            tenant: caller.tenant.as_str().into(),
            principal: caller.share_key().as_ref().into(),
        }
    }
}

/// The free bytes, and the bytes of each owner.
#[derive(Debug)]
pub(super) struct Shares {
    capacity: usize,
    free: usize,
    tenants: HashMap<Arc<str>, TenantShare>,
}

/// The bytes that a tenant holds, in all and by principal. A tenant that holds nothing has no entry.
#[derive(Debug, Default)]
struct TenantShare {
    used: usize,
    principals: HashMap<Arc<str>, usize>,
}

impl Shares {
    /// Creates shares of which all bytes are free.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            free: capacity,
            tenants: HashMap::new(),
        }
    }

    /// Returns the number of bytes in all.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the number of bytes that are taken.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.capacity - self.free
    }

    /// Whether an owner may take `bytes`. An owner that holds nothing may take all free bytes: a large request could
    /// never be granted otherwise.
    pub(super) fn allows(&self, owner: &Owner, bytes: usize) -> bool {
        let (tenant, principal) = self.used(owner);
        let is_first = tenant == 0 || (principal == 0 && bytes <= self.room_of_tenant(tenant));
        bytes <= self.free && (is_first || bytes <= self.room(owner))
    }

    /// Returns the number of bytes that an owner may still take. For the tenant it is the most `x` with `used + x <=
    /// FACTOR * (free - x)`. For the principal the same rule applies to the part that is left to the tenant.
    pub(super) fn room(&self, owner: &Owner) -> usize {
        let (tenant, principal) = self.used(owner);
        let of_tenant = FACTOR * self.free;
        let of_principal = (FACTOR * of_tenant).saturating_sub(FACTOR * tenant + principal)
            / (1 + FACTOR + FACTOR * FACTOR);
        of_principal.min(self.room_of_tenant(tenant))
    }

    fn room_of_tenant(&self, used: usize) -> usize {
        (FACTOR * self.free).saturating_sub(used) / (1 + FACTOR)
    }

    /// Returns the bytes that the owner's tenant holds, and those that its principal holds.
    pub(super) fn used(&self, owner: &Owner) -> (usize, usize) {
        self.tenants.get(&owner.tenant).map_or((0, 0), |tenant| {
            let principal = tenant.principals.get(&owner.principal);
            (tenant.used, principal.copied().unwrap_or_default())
        })
    }

    /// Takes bytes for an owner that may have them.
    pub(super) fn take(&mut self, owner: &Owner, bytes: usize) {
        self.free -= bytes;
        let tenant = self.tenants.entry(Arc::clone(&owner.tenant)).or_default();
        tenant.used += bytes;
        let principal = tenant.principals.entry(Arc::clone(&owner.principal));
        *principal.or_default() += bytes;
    }

    /// Gives back bytes of an owner.
    pub(super) fn give_back(&mut self, owner: &Owner, bytes: usize) {
        self.free += bytes;
        let Some(tenant) = self.tenants.get_mut(&owner.tenant) else {
            return;
        };
        tenant.used -= bytes;
        if let Some(used) = tenant.principals.get_mut(&owner.principal) {
            *used -= bytes;
            if *used == 0 {
                tenant.principals.remove(&owner.principal);
            }
        }
        if tenant.used == 0 {
            self.tenants.remove(&owner.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Shares};
    use crate::application::caller::Caller;
    use crate::domain::names::resource::{Principal, TenantId};

    const UNIT: usize = 10;

    fn owner(tenant: &str, principal: &str) -> Owner {
        let caller = Caller {
            principal: Principal::parse(principal).unwrap(),
            ..Caller::of_tenant(TenantId::parse(tenant).unwrap())
        };
        Owner::of(&caller)
    }

    /// Takes units until no more are allowed, and returns their number.
    fn fill(shares: &mut Shares, owner: &Owner) -> usize {
        let mut units = 0;
        while shares.allows(owner, UNIT) {
            shares.take(owner, UNIT);
            units += 1;
        }
        units
    }

    #[test]
    fn a_newcomer_always_finds_a_free_part() {
        let mut shares = Shares::new(21_000);
        let owners = [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1"), ("d", "1")];
        let owners = owners.map(|(tenant, principal)| owner(tenant, principal));
        let units = owners.each_ref().map(|owner| fill(&mut shares, owner));
        // A lone principal gets four sevenths. Each newcomer gets less, but not nothing.
        assert_eq!(units[0], 1_200);
        assert!(units.iter().all(|units| *units >= 20), "{units:?}");
        for (owner, units) in owners.iter().zip(units) {
            shares.give_back(owner, units * UNIT);
        }
        assert!(shares.taken() == 0 && shares.tenants.is_empty());
    }

    #[test]
    fn two_tenants_that_take_and_give_back_get_equal_shares() {
        let mut shares = Shares::new(21_000);
        let a = owner("a", "1");
        let b = owner("b", "1");
        let mut units = [fill(&mut shares, &a), fill(&mut shares, &b)];
        for _ in 0..2_000 {
            shares.give_back(&a, UNIT);
            units[0] -= 1;
            for (at, owner) in [(1, &b), (0, &a)] {
                if shares.allows(owner, UNIT) {
                    shares.take(owner, UNIT);
                    units[at] += 1;
                }
            }
        }
        let [a, b] = units;
        assert!(a.abs_diff(b) * 10 <= a, "{a} and {b}");
    }
}
