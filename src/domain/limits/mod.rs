//! Limits on the requests of a caller and on the data of a tenant.
//!
//! `class` has the rate class that a method declares, `rate` (GCRA) how fast a budget refills, and `quota` how much
//! a tenant may store.
//!
//! To add a class: a variant of `class::RateClass`, its default rate in `config`, its methods in
//! `interface/grpc/methods`.

pub mod class;
pub mod quota;
pub mod rate;
