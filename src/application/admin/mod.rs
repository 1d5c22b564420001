//! Administration of tenants and of their API keys.

pub mod keys;
pub mod tenants;
