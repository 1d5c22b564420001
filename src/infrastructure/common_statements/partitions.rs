//! The statements of partitions.

/// Selects the load of every partition.
pub(crate) const HEALTH: &str = "SELECT * FROM partition_health ORDER BY partition_key";
