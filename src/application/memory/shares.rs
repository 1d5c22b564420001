//! Who may have how much of a number of bytes.
//!
//! Dynamic thresholds (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
//! switches", IEEE/ACM Transactions on Networking 6(2), 1998): a tenant may hold up to [`FACTOR`] times what is
//! free. A lone tenant gets two thirds, two get two fifths each, and a part always stays free for a newcomer.
//! The same rule splits a tenant's part between its principals.

use std::collections::HashMap;
use std::sync::Arc;

use crate::application::caller::Caller;

/// A tenant's share, as a multiple of what is free. Two leaves a third to newcomers; more would leave them less,
/// less would leave more of the pool unused while one tenant is alone.
const FACTOR: usize = 2;

/// A principal of a tenant, whose use of the pool is counted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    tenant: Arc<str>,
    principal: Arc<str>,
}

impl Owner {
    /// The owner of what a caller takes. Callers without identity are told apart by their network.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self {
            tenant: caller.tenant.as_str().into(),
            principal: caller.share_key().as_ref().into(),
        }
    }
}

/// What is free, and what each owner holds.
#[derive(Debug)]
pub(super) struct Shares {
    capacity: usize,
    free: usize,
    tenants: HashMap<Arc<str>, Tenant>,
}

/// What a tenant holds, in all and by principal. Absent: nothing.
#[derive(Debug, Default)]
struct Tenant {
    used: usize,
    principals: HashMap<Arc<str>, usize>,
}

impl Shares {
    /// All of it is free.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            free: capacity,
            tenants: HashMap::new(),
        }
    }

    /// How much there is in all.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How much is taken in all.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.capacity - self.free
    }

    /// Whether an owner may take so many bytes. One that holds nothing yet may have what is free: else a request
    /// could be too large for ever.
    pub(super) fn allows(&self, owner: &Owner, bytes: usize) -> bool {
        let (tenant, principal) = self.used(owner);
        let is_first = tenant == 0 || (principal == 0 && bytes <= self.room_of_tenant(tenant));
        bytes <= self.free && (is_first || bytes <= self.room(owner))
    }

    /// How much more an owner may take: the most `x` with `used + x <= FACTOR * (free - x)` for the tenant, and the
    /// same for the principal within what that leaves to the tenant.
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

    /// What the owner's tenant holds, then what the owner does.
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

    /// Gives back what was taken for an owner.
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

    const UNIT: usize = 10;

    fn owner(tenant: &str, principal: &str) -> Owner {
        let caller = Caller {
            principal: principal.to_owned(),
            ..Caller::of_tenant(tenant)
        };
        Owner::of(&caller)
    }

    /// Takes units until there are no more, and returns how many.
    fn fill(shares: &mut Shares, owner: &Owner) -> usize {
        let mut units = 0;
        while shares.allows(owner, UNIT) {
            shares.take(owner, UNIT);
            units += 1;
        }
        units
    }

    #[test]
    fn a_newcomer_finds_a_part_free_whatever_others_hold() {
        let mut shares = Shares::new(21_000);
        let owners = [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1"), ("d", "1")];
        let owners = owners.map(|(tenant, principal)| owner(tenant, principal));
        let units = owners.each_ref().map(|owner| fill(&mut shares, owner));
        // Four sevenths to a lone principal, and to each newcomer less, but something.
        assert_eq!(units[0], 1_200);
        assert!(units.iter().all(|units| *units >= 20), "{units:?}");
        for (owner, units) in owners.iter().zip(units) {
            shares.give_back(owner, units * UNIT);
        }
        assert!(shares.taken() == 0 && shares.tenants.is_empty());
    }

    #[test]
    fn two_tenants_that_come_and_go_end_up_alike() {
        let mut shares = Shares::new(21_000);
        let (a, b) = (owner("a", "1"), owner("b", "1"));
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
