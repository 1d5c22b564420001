//! Headers of tokens that change the meaning of the claims.

use tonic::Code;

use crate::support::access::Guarded;
use crate::tokens::{READ, Signer, believing, claims, code, publish};

/// Right signatures and claims, under headers that change their meaning or repeat a member.
#[tokio::test]
async fn a_token_whose_header_changes_its_meaning_is_refused() {
    let signer = Signer::elliptic("one");
    let world = Guarded::start_with(|config, folder| {
        publish(folder, &[&signer]);
        believing(config, folder);
    })
    .await;
    world.tenant("acme").await;
    let right = claims().to_string();
    let with = |members: &str| format!(r#"{{"alg":"ES256","kid":"one"{members}}}"#);
    for harmless in [
        "",
        r#","typ":"JWT""#,
        r#","typ":"jwt""#,
        r#","typ":"at+jwt""#,
        r#","typ":"application/at+JWT""#,
        r#","b64":true"#,
        r#","cty":"json","x5t":"AAAA","own":{"a":1}"#,
    ] {
        let token = signer.sign_written(&with(harmless), &right);
        assert_eq!(code(&world, &token, READ).await, Code::Ok, "{harmless}");
    }
    for refused in [
        r#","crit":["exp"]"#,
        r#","crit":["b64"],"b64":true"#,
        r#","crit":["b64"],"b64":false"#,
        r#","crit":["own"],"own":1"#,
        r#","crit":[]"#,
        r#","crit":null"#,
        r#","crit":"exp""#,
        r#","b64":false"#,
        r#","b64":"false""#,
        r#","b64":null"#,
        r#","zip":"DEF""#,
        r#","enc":"A128GCM""#,
        r#","typ":"logout+jwt""#,
        r#","typ":"dpop+jwt""#,
        r#","typ":"secevent+jwt""#,
        r#","typ":7"#,
        r#","kid":"one""#,
        r#","alg":"ES256""#,
        r#","own":1,"own":2"#,
        r#","cr\u0069t":[]"#,
    ] {
        let token = signer.sign_written(&with(refused), &right);
        let told = code(&world, &token, READ).await;
        assert_eq!(told, Code::Unauthenticated, "{refused}");
    }
    let twice = [
        right.replacen('{', r#"{"tenant":"other","#, 1),
        right.replacen('{', r#"{"role":"admin","#, 1),
        right.replacen('{', r#"{"exp":1,"#, 1),
    ];
    for claims in twice {
        let token = signer.sign_written(&with(""), &claims);
        let told = code(&world, &token, READ).await;
        assert_eq!(told, Code::Unauthenticated, "{claims}");
    }
}
