//! Settings: defaults, then a file, then the environment, then flags. A wrong setting is reported.

use std::process::Command;

use sluice::config::Config;

use crate::world::{Folder, SLUICE, sluice};

/// Returns the exit code, and the settings that an instance would run with or the error.
fn check(file: &str, environment: &[(&str, &str)], flags: &[&str]) -> (Option<i32>, String) {
    let folder = Folder::new();
    let path = folder.file("sluice.toml", file);
    let mut command = Command::new(SLUICE);
    command
        .args(["serve", "--check-config", "--config", &path])
        .args(flags)
        .envs(environment.iter().copied());
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(said).unwrap())
}

fn idle_seconds(said: &str) -> u64 {
    let config: Config = serde_json::from_str(said).unwrap();
    config.uploads.idle_seconds_max
}

#[test]
fn the_example_is_the_default_with_every_key() {
    let example = include_str!("../../sluice.example.toml");
    let (code, said) = check(example, &[], &[]);
    assert_eq!(code, Some(0), "{said}");
    let config: Config = serde_json::from_str(&said).unwrap();
    assert_eq!(config, Config::default());
    let keys = serde_json::to_string_pretty(&config).unwrap();
    for key in keys
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|key| key.contains('_'))
    {
        let mut lines = example.lines().filter(|line| !line.starts_with('#'));
        let is_there = lines.any(|line| line.contains(&format!("{key} = ")));
        assert!(is_there, "{key} is not in the example");
    }
}

#[test]
fn the_environment_overrides_the_file_and_flags_override_both() {
    let file = "listen = '127.0.0.1:1'\n[uploads]\nidle_seconds_max = 7\nrate_bytes_min = 9\n";
    assert_eq!(idle_seconds(&check(file, &[], &[]).1), 7);
    let environment = [
        ("SLUICE_UPLOADS__IDLE_SECONDS_MAX", "8"),
        ("SLUICE_LISTEN", "127.0.0.1:2"),
    ];
    let (_, said) = check(file, &environment, &["--listen", "127.0.0.1:3"]);
    let config: Config = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (
            config.uploads.idle_seconds_max,
            config.uploads.rate_bytes_min
        ),
        (8, 9)
    );
    assert_eq!(config.listen, ([127, 0, 0, 1], 3).into());
    let origins = "https://one.example,https://two.example:8443";
    let (_, said) = check("", &[("SLUICE_WEB__ORIGINS", origins)], &[]);
    let config: Config = serde_json::from_str(&said).unwrap();
    assert_eq!(config.web.origins.join(","), origins);
}

/// Returns the configuration with one variable, over a file that has a list.
fn config(name: &str, value: &str) -> Config {
    let file = "web.origins = ['https://file.example']";
    let (code, said) = check(file, &[(name, value)], &[]);
    assert_eq!(code, Some(0), "{name}={value}: {said}");
    serde_json::from_str(&said).unwrap()
}

/// Commas separate the elements of a list, which may have one element.
#[test]
fn lists_are_taken_from_the_environment() {
    let (one, two) = ("https://one.example", "https://two.example:8443");
    for (value, origins) in [
        (one, vec![one]),
        (
            "https://one.example,https://two.example:8443",
            vec![one, two],
        ),
        (
            " https://one.example , https://two.example:8443,",
            vec![one, two],
        ),
        (
            "['https://one.example', \"https://two.example:8443\"]",
            vec![one, two],
        ),
        ("", vec![]),
    ] {
        assert_eq!(
            config("SLUICE_WEB__ORIGINS", value).web.origins,
            origins,
            "{value}"
        );
    }
    assert_eq!(config("SLUICE_HOSTS", "a.example").hosts, ["a.example"]);
    assert_eq!(config("SLUICE_HOSTS", "10").hosts, ["10"]);
    let algorithms = config("SLUICE_IDENTITY__JWT__ALGORITHMS", "ES256")
        .identity
        .jwt;
    assert_eq!(format!("{:?}", algorithms.algorithms), "[Es256]");
}

#[test]
fn texts_and_tables_are_taken_from_the_environment() {
    let named = config("SLUICE_IDENTITY__JWT__ISSUER", "123").identity.jwt;
    assert_eq!(named.issuer, "123");
    let tenant = "{ sockets = 7, read = { per_second = 1.5, burst = 2 } }";
    let limits = config("SLUICE_LIMITS__TENANTS__ACME", tenant).limits;
    assert_eq!(limits.tenants["acme"].sockets, Some(7));
    assert_eq!(limits.tenants["acme"].read.unwrap().burst, 2);
    let limits = config("SLUICE_LIMITS__TENANTS__ACME__SOCKETS", "7").limits;
    assert_eq!(limits.tenants["acme"].sockets, Some(7));
    let rate = "{ per_second = 1.5, burst = 2 }";
    assert_eq!(
        config("SLUICE_LIMITS__RATES__READ", rate)
            .limits
            .rates
            .read
            .burst,
        2
    );
}

#[test]
fn variables_that_are_wrong_or_unknown_are_named() {
    let one = "https://one.example";
    for (name, value, said_of_it) in [
        ("SLUICE_NONSENSE", "1", "SLUICE_NONSENSE"),
        ("SLUICE_WEB_ORIGINS", one, "SLUICE_WEB__ORIGINS"),
        (
            "SLUICE_UPLOADS__IDLE_SECOND_MAX",
            "1",
            "SLUICE_UPLOADS__IDLE_SECOND_MAX",
        ),
        ("SLUICE_LIMITS", "1", "is a table"),
        (
            "SLUICE_LIMITS__RATES__READ",
            "fast",
            "SLUICE_LIMITS__RATES__READ",
        ),
        ("SLUICE_WEB__ORIGINS", "['https://one.example'", "TOML"),
        (
            "SLUICE_UPLOADS__IDLE_SECONDS_MAX",
            "long",
            "idle_seconds_max",
        ),
    ] {
        let (code, said) = check("", &[(name, value)], &[]);
        assert!(
            code == Some(2) && said.contains(said_of_it),
            "{name}={value}: {said}"
        );
    }
    for others in [
        "SLUICE_SERVER",
        "SLUICE_SERVICE_HOST",
        "SLUICE_PORT_50051_TCP_ADDR",
    ] {
        assert_eq!(check("", &[(others, "x")], &[]).0, Some(0), "{others}");
    }
}

/// Other addresses need authentication and private connections, or a setting that waives them.
#[test]
fn other_addresses_need_authentication_and_privacy_or_a_setting() {
    let keys = "listen = '0.0.0.0:1'\n[identity]\napi_keys = true\n";
    let behind_proxy = format!("{keys}[tls]\nbehind_proxy = true");
    let private = format!("{keys}[tls]\ncertificate_file = 'a'\nkey_file = 'b'");
    for file in [behind_proxy.as_str(), &private] {
        let (code, said) = check(file, &[("SLUICE_API_KEY", "unused")], &[]);
        assert_eq!(code, Some(0), "{said}");
    }
    let open = "listen = '0.0.0.0:1'";
    let (code, said) = check(open, &[], &["--insecure-no-auth"]);
    assert_eq!(code, Some(0), "{said}");
    let names = [("SLUICE_HOSTS", "a.example,b.example")];
    let (_, said) = check(open, &names, &["--insecure-no-auth"]);
    let config: Config = serde_json::from_str(&said).unwrap();
    assert_eq!(config.hosts, ["a.example", "b.example"]);
}

#[test]
fn a_wrong_setting_is_named() {
    let cases = [
        ("nonsense = 1", "nonsense"),
        ("[uploads]\nnonsense = 1", "nonsense"),
        (
            "[uploads]\nidle_seconds_max = 0",
            "uploads.idle_seconds_max",
        ),
        ("[uploads]\nidle_seconds_max = 'long'", "idle_seconds_max"),
        (
            "[uploads]\nmemory_bytes_max = 1000",
            "uploads.memory_bytes_max",
        ),
        ("[limits]\ninstances = 0", "limits.instances"),
        (
            "[limits.rates]\nread = { per_second = 0.0, burst = 1 }",
            "limits.rates.read",
        ),
        ("[limits.rates]\nread = { burst = 1 }", "per_second"),
        (
            "[limits.tenants.\"no tenant\"]\nsockets = 1",
            "limits.tenants.no tenant",
        ),
        (
            "[limits.tenants.acme]\nupload_bytes = { per_second = 1e6, burst = 1000 }",
            "limits.tenants.acme.upload_bytes",
        ),
        (
            "[limits.tenants.acme]\nsockets = 0",
            "limits.tenants.acme.sockets",
        ),
        ("listen = '0.0.0.0:50051'", "no identity is configured"),
        (
            "listen = '0.0.0.0:1'\n[identity]\napi_keys = true",
            "connections are not private",
        ),
        (
            "insecure_no_auth = true\n[identity]\napi_keys = true",
            "one of them is a mistake",
        ),
        ("[identity.jwt]\njwks_file = 'x'", "identity.jwt.issuer"),
        ("[identity.jwt]\nalgorithms = ['HS256']", "HS256"),
        ("[identity.jwt]\nalgorithms = ['none']", "none"),
        ("[tls]\ncertificate_file = 'x'", "tls.key_file"),
        ("[tls]\nclient_ca_file = 'x'", "tls.certificate_file"),
        ("listen = 'here'", "listen"),
        ("log = '=='", "log"),
        ("redis.location = 'rediss://host'", "redis.location"),
        ("[web]\norigins = ['null']", "web.origins"),
        ("[web]\norigins = ['*']", "web.origins"),
        ("[web]\norigins = ['https://example.org/']", "web.origins"),
        ("[web]\npong_seconds_max = 0", "web.pong_seconds_max"),
    ];
    for (file, named) in cases {
        let (code, said) = check(file, &[], &[]);
        assert_eq!(code, Some(2), "{file}: {said}");
        assert!(said.contains(named), "{file}: {said}");
    }
    let (code, said) = check("", &[("SLUICE_NONSENSE", "1")], &[]);
    assert!(
        code == Some(2) && said.contains("SLUICE_NONSENSE"),
        "{said}"
    );
    let missing = sluice(
        &["serve", "--check-config", "--config", "/nowhere.toml"],
        b"",
    );
    assert_eq!(missing.status.code(), Some(2));
}
