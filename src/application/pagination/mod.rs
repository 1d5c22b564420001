//! Pages of lists, and the signed tokens that continue them (AIP-158).

pub mod page;
pub mod page_token;
