//! Any text as a page token: only a token that was sealed for its caller and list is accepted.

use sluice::application::caller::Caller;
use sluice::application::pagination::page_token::Tokens;
use sluice::domain::names::resource::TenantId;

/// The highest length of a position in the test. Longer ones are refused, even in a sealed token.
const AFTER_BYTES_MAX: usize = 1_500;

/// Checks an input: the first line is the position after which a list continues, the rest a foreign token. The rest
/// also gives the changes of an own token.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (after, token) = text.split_once('\n').unwrap_or((text, ""));
    let (tokens, caller) = (Tokens::new(&[7; 32]), Caller::anonymous());
    let open = |scope: &str, token: &str| tokens.open(&caller, scope, "page_token", token).ok();
    if let Some(opened) = open("list", token) {
        assert_eq!(tokens.seal(&caller, "list", &opened), token, "forged");
    }
    if after.len() > AFTER_BYTES_MAX {
        return;
    }
    let sealed = tokens.seal(&caller, "list", after);
    assert_eq!(open("list", &sealed).as_deref(), Some(after));
    assert_eq!(open("lists", &sealed), None);
    assert_eq!(
        open(after, &sealed),
        (after == "list").then(|| after.to_owned())
    );
    let stranger = Caller::of_tenant(TenantId::parse("stranger").unwrap());
    assert!(
        tokens
            .open(&stranger, "list", "page_token", &sealed)
            .is_err()
    );
    // The own token is cut short, extended, and changed in each place that the rest names.
    assert_eq!(open("list", &sealed[1..]), None);
    assert_eq!(open("list", &sealed[..sealed.len() - 1]), None);
    assert_eq!(
        open("list", &format!("{sealed}{token}")).is_some(),
        token.is_empty()
    );
    for place in token.bytes().map(usize::from) {
        let mut changed = sealed.clone().into_bytes();
        let at = place % changed.len();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(open("list", &changed), None, "changed at {at}");
    }
}
