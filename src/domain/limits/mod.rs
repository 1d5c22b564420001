//! How much a caller may ask for, and how much a tenant may keep.
//!
//! `class` is what a method declares, `rate` (GCRA) is how fast a budget comes back, `quota` is what a tenant keeps.
//!
//! To add a class: a variant of `class::RateClass`, its default rate in `config`, its methods in `interface/grpc/methods`.

pub mod class;
pub mod quota;
pub mod rate;
