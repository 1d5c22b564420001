//! The suite on PostgreSQL, and tests that only PostgreSQL needs.

use sluice::application::ports::store::Store;
use sluice::infrastructure::postgres::connection::{self, Postgres};

use crate::laws::laws;
use crate::private;
use crate::world::{new_upload, start};
use crate::{
    audit, changes, collections, imports, jobs, keys, moves, partitions, quotas, rechunks, tenants,
    updates, uploads, versionless,
};

/// The connections of a store in the suite.
const CONNECTIONS: u32 = 4;

/// Refuses new sums, and records in a sequence that it has.
const REFUSE: &str = "
    CREATE SEQUENCE refused;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'no sum %', nextval('refused');
    END $$;
    CREATE TRIGGER refuse BEFORE UPDATE OF summed_at ON partition_sums
        FOR EACH ROW EXECUTE FUNCTION refuse();";

macro_rules! contract {
    ($($noun:ident::$law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            let cluster = private::cluster();
            let database = cluster.database();
            connection::migrate(&database).await.unwrap();
            let store = Postgres::open(&database, CONNECTIONS).await.unwrap();
            $noun::$law(&store).await;
            store.close().await;
        }
    )+};
}

laws!(contract);

/// The partition of a new document affects only the balance, so old sums are good enough.
#[tokio::test]
async fn an_upload_starts_though_the_sums_of_partitions_cannot_be_renewed() {
    let cluster = private::cluster();
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let name = database.rsplit('/').next().unwrap();
    cluster.psql(name, REFUSE);
    let store = Postgres::open(&database, CONNECTIONS).await.unwrap();
    let upload = start(&store, &new_upload(1, "d")).await;
    assert_eq!((upload.version, upload.committed_offset), (1, 0));
    assert_eq!(cluster.psql(name, "SELECT is_called FROM refused"), "t");
    store.close().await;
}
