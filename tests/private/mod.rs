//! Private servers of the tests: started on free ports in folders of their own, and ended when the last test that
//! uses them ends, whether it passed or not.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use self::postgres::Cluster;

pub(crate) mod port;
pub(crate) mod postgres;

/// Returns the cluster that the tests of this program share while they run.
pub(crate) fn cluster() -> Arc<Cluster> {
    static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = shared.upgrade() {
        return cluster;
    }
    let cluster = Arc::new(Cluster::start(&["fsync=off", "full_page_writes=off"]));
    *shared = Arc::downgrade(&cluster);
    cluster
}
