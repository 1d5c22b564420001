//! A speaker's name often follows a quotation in the same sentence: `「開けて！」と彼女は言った。`

/// The characters after a quotation that may name the speaker.
const SPEAKER_CHARACTERS: usize = 6;

/// Whether the sentence continues after a quotation that `tail` closes.
#[must_use]
pub fn goes_on(tail: &str, after: &str) -> bool {
    let closes = tail.ends_with(['\u{300D}', '\u{300F}', '\u{201D}', '\u{FF63}', '\u{FF09}']);
    closes && (is_particle(after) || is_said(after))
}

/// Whether a Japanese particle continues the sentence.
fn is_particle(after: &str) -> bool {
    const PARTICLES: [char; 11] = [
        '\u{3068}', '\u{306F}', '\u{304C}', '\u{3092}', '\u{306B}', '\u{306E}', '\u{3082}',
        '\u{3067}', '\u{3078}', '\u{3063}', '\u{306A}',
    ];
    let mut rest = after.chars();
    rest.next().is_some_and(|first| PARTICLES.contains(&first))
}

/// Whether a Chinese verb for say, ask, answer or call follows within a few characters.
fn is_said(after: &str) -> bool {
    let mut near = after.chars().take(SPEAKER_CHARACTERS);
    let verb = near.position(|one| {
        matches!(
            one,
            '\u{8BF4}'
                | '\u{8AAA}'
                | '\u{95EE}'
                | '\u{554F}'
                | '\u{9053}'
                | '\u{558A}'
                | '\u{53EB}'
                | '\u{7B54}'
        )
    });
    let Some(verb) = verb.filter(|at| *at > 0) else {
        return false;
    };
    let follows = after.chars().nth(verb + 1);
    follows.is_none_or(|one| {
        matches!(
            one,
            '\u{3002}' | '\u{FF0C}' | '\u{FF1A}' | '\u{9053}' | '\u{4E86}' | '\u{7740}'
        )
    })
}
