//! The statements of secrets.

/// Stores the secret of page tokens, unless another instance has stored one.
pub(crate) const INSERT: &str = "
    INSERT INTO secrets (name, value) VALUES ('page_tokens', $1)
    ON CONFLICT (name) DO NOTHING";

/// Selects the secret of page tokens.
pub(crate) const SECRET: &str = "SELECT value FROM secrets WHERE name = 'page_tokens'";
