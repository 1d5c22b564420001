//! Web pages and probes: the origins and hosts that are admitted, and their responses.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::watcher::Watcher;
use crate::support::world::World;

const GOOD: &str = "https://good.example";
const GET_OPERATION: &str = "/sluice.v1.OperationService/GetOperation";
const LOOKALIKES: [&str; 7] = [
    "https://good.example.evil",
    "http://good.example",
    "https://good.example:8443",
    "https://evil.example",
    "http://localhost:3000",
    "null",
    "https://good.example, https://evil.example",
];

/// Sends a request over HTTP/1.1, and returns the bytes of the response.
pub(crate) async fn request(
    address: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let host = address.to_string();
    let is_named = headers.iter().any(|(name, _)| *name == "host");
    let host = [("host", host.as_str())];
    let host = if is_named { &[] } else { &host[..] };
    let fields = host.iter().chain(headers);
    let fields = fields.map(|(name, value)| format!("{name}: {value}\r\n"));
    let fields = fields.collect::<Vec<_>>().concat();
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nconnection: close\r\n{fields}content-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    response
}

pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> String {
    let response = request(address, &format!("GET {path}"), headers, b"").await;
    String::from_utf8(response).unwrap()
}

fn status(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

fn json(response: &str) -> Value {
    serde_json::from_str(response.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

/// Sends the preflight request that browsers send before a page's gRPC call.
async fn preflight(address: SocketAddr, origin: &str) -> String {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-grpc-web"),
    ];
    let line = format!("OPTIONS {GET_OPERATION}");
    String::from_utf8(request(address, &line, &asked, b"").await).unwrap()
}

#[tokio::test]
async fn no_page_reaches_a_server_without_origins() {
    let world = World::start().await;
    let address = world.instance.address;
    for origin in LOOKALIKES.into_iter().chain([GOOD]) {
        let refused = Watcher::open_with(address, &[("origin", origin)]).await;
        let (code, body) = refused.err().unwrap();
        assert_eq!(
            (code, &body["reason"]),
            (403, &json!("ORIGIN_NOT_ALLOWED")),
            "{origin}"
        );
        assert_eq!(status(&preflight(address, origin).await), 403, "{origin}");
        let asked = get(address, "/metrics", &[("origin", origin)]).await;
        assert_eq!(status(&asked), 403, "{origin}");
    }
    let embedded = get(address, "/metrics", &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(json(&embedded)["reason"], "ORIGIN_NOT_ALLOWED");
    let rebound = [("host", "evil.example")];
    for path in ["/metrics", "/healthz", "/readyz", "/v1/ws", GET_OPERATION] {
        let refused = get(address, path, &rebound).await;
        assert_eq!(status(&refused), 403, "{path}");
        assert_eq!(json(&refused)["reason"], "HOST_NOT_ALLOWED", "{path}");
    }
    // A request that an HTML form can send without a preflight.
    let form = [("content-type", "text/plain")];
    let sent = request(
        address,
        &format!("POST {GET_OPERATION}"),
        &form,
        b"\0\0\0\0\0",
    )
    .await;
    assert_eq!(status(&String::from_utf8(sent).unwrap()), 403);
}

#[tokio::test]
async fn a_configured_origin_is_allowed_and_only_that() {
    let world = World::start_with(|config| {
        config.web.origins = vec![GOOD.to_owned()];
        config.hosts = vec!["sluice.example".to_owned()];
    })
    .await;
    let address = world.instance.address;
    let allowed = preflight(address, GOOD).await;
    assert_eq!(status(&allowed), 200, "{allowed}");
    let allows = |header: &str| allowed.to_lowercase().contains(header);
    assert!(
        allows(&format!("access-control-allow-origin: {GOOD}\r\n")),
        "{allowed}"
    );
    assert!(
        allows("access-control-allow-methods: post\r\n"),
        "{allowed}"
    );
    assert!(
        allows("x-grpc-web") && allows("access-control-max-age: 7200"),
        "{allowed}"
    );
    assert!(!allows("access-control-allow-credentials"), "{allowed}");
    let mut page = Watcher::open_with(address, &[("origin", GOOD)])
        .await
        .ok()
        .unwrap();
    assert!(page.is_quiet().await);
    for origin in LOOKALIKES {
        let refused = Watcher::open_with(address, &[("origin", origin)]).await;
        assert_eq!(refused.err().unwrap().0, 403, "{origin}");
        let refused = preflight(address, origin).await;
        assert_eq!(status(&refused), 403, "{origin}");
        assert!(
            !refused.contains("access-control-allow-origin"),
            "{refused}"
        );
    }
    let named = get(address, "/healthz", &[("host", "sluice.example:443")]).await;
    assert_eq!(status(&named), 200, "{named}");
}

#[tokio::test]
async fn probes_report_liveness_and_readiness() {
    let world = World::start().await;
    let address = world.instance.address;
    assert!(get(address, "/healthz", &[]).await.ends_with("ok\n"));
    assert!(get(address, "/readyz", &[]).await.ends_with("ok\n"));
    let asked = get(address, "/v1/ws", &[]).await;
    assert_eq!(
        status(&asked),
        400,
        "the request has no upgrade to a WebSocket: {asked}"
    );

    // A connection opened before the shutdown gets a last answer.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let stopping = tokio::spawn(world.instance.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"\r\n").await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    assert_eq!(
        (status(&told), &json(&told)["reason"]),
        (503, &json!("DRAINING")),
        "{told}"
    );
    stopping.await.unwrap().unwrap();
}

/// Returns the value of a header of a response, or an empty string.
fn field<'a>(response: &'a str, name: &str) -> &'a str {
    let head = response.split("\r\n\r\n").next().unwrap();
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut found = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    found.next().map_or("", |(_, value)| value)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_page_describes_the_server_and_has_no_scripts() {
    let world = World::start().await;
    let address = world.instance.address;
    let page = get(address, "/", &[("accept", "text/html,*/*;q=0.8")]).await;
    assert_eq!(status(&page), 200, "{page}");
    assert_eq!(field(&page, "content-type"), "text/html; charset=utf-8");
    let policy = field(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(field(&page, "x-content-type-options"), "nosniff");
    assert!(
        !page.contains("<script") && !page.contains("<style"),
        "{page}"
    );
    let text = get(address, "/", &[("accept", "*/*")]).await;
    assert_eq!(field(&text, "content-type"), "text/plain; charset=utf-8");
    for said in [&page, &text] {
        for fact in [
            "Sluice",
            env!("CARGO_PKG_VERSION"),
            "/healthz",
            "/readyz",
            "/metrics",
            "docs/",
            &format!("grpcurl -plaintext {address} list"),
        ] {
            assert!(said.contains(fact), "{fact}: {said}");
        }
    }
    let head = request(address, "HEAD /", &[], b"").await;
    let head = String::from_utf8(head).unwrap();
    assert_eq!(status(&head), 200, "{head}");
    assert!(
        head.ends_with("\r\n\r\n"),
        "the response has no body: {head}"
    );
    assert_eq!(
        status(&get(address, "/", &[("host", "evil.example")]).await),
        403
    );
    let hostile = [("host", "localhost:<script>")];
    assert!(!get(address, "/", &hostile).await.contains("<script"));
    let posted = request(address, "POST /", &[], b"").await;
    assert_eq!(status(&String::from_utf8(posted).unwrap()), 405);
    let curl = std::process::Command::new("curl")
        .args([
            "--silent",
            "--http2-prior-knowledge",
            "--write-out",
            "%{http_version}",
        ])
        .arg(format!("http://{address}/"))
        .output();
    let said = String::from_utf8(curl.unwrap().stdout).unwrap();
    assert!(
        said.contains("grpcurl -plaintext") && said.ends_with('2'),
        "{said}"
    );
}

#[tokio::test]
async fn a_wrong_path_is_not_found_and_a_wrong_host_is_refused_first() {
    let world = World::start().await;
    let address = world.instance.address;
    for path in ["/other", "/favicon.ico", "/v1", "/sluice.v1.UploadService"] {
        let missing = get(address, path, &[]).await;
        assert_eq!(status(&missing), 404, "{path}: {missing}");
        assert_eq!(json(&missing)["reason"], "NOT_FOUND", "{path}");
        let rebound = get(address, path, &[("host", "evil.example")]).await;
        assert_eq!(json(&rebound)["reason"], "HOST_NOT_ALLOWED", "{path}");
    }
    let grpc = [("content-type", "application/grpc-web+proto")];
    let missing = request(address, "POST /other", &grpc, b"\0\0\0\0\0").await;
    let missing = String::from_utf8(missing).unwrap();
    assert_eq!(
        (status(&missing), field(&missing, "grpc-status")),
        (200, "12")
    );
    let asked = get(address, GET_OPERATION, &[]).await;
    assert_eq!(json(&asked)["reason"], "NOT_GRPC", "{asked}");
}

#[tokio::test]
async fn a_page_of_this_server_is_admitted_and_one_of_another_port_is_refused() {
    let world = World::start().await;
    let address = world.instance.address;
    let port = address.port();
    let own = format!("http://localhost:{port}");
    let host = format!("localhost:{port}");
    for (origin, is_own) in [
        (own.as_str(), true),
        ("http://localhost:1", false),
        ("http://localhost.evil.com", false),
        ("null", false),
    ] {
        let headers = [("host", host.as_str()), ("origin", origin)];
        let socket = Watcher::open_with(address, &headers).await;
        assert_eq!(socket.is_ok(), is_own, "{origin}");
        let headers = [
            headers[0],
            headers[1],
            ("content-type", "application/grpc-web"),
        ];
        let line = format!("POST {GET_OPERATION}");
        let called = request(address, &line, &headers, b"\0\0\0\0\0").await;
        let called = String::from_utf8_lossy(&called).into_owned();
        let is_refused =
            called.contains("ORIGIN_NOT_ALLOWED") || field(&called, "grpc-status") == "7";
        assert_eq!(!is_refused, is_own, "{origin}: {called}");
    }
}

#[tokio::test]
async fn metrics_name_known_methods_and_no_others() {
    let world = World::start().await;
    let address = world.instance.address;
    let none = world
        .get_upload("uploads/018f2f6e-7b1a-7c3d-8e4f-0123456789ab")
        .await;
    assert!(none.is_err());
    let web = [("content-type", "application/grpc-web")];
    for number in 0..3 {
        let line = format!("POST /sluice.v1.OperationService/Unknown{number}");
        request(address, &line, &web, b"\0\0\0\0\0").await;
    }
    let (_, name) = crate::support::watcher::begun(&world, "d").await;
    let mut watcher = Watcher::open(address).await;
    watcher.subscribe(&name, 0).await;
    watcher.state().await;
    let metrics = get(address, "/metrics", &[]).await;
    let has = |line: &str| metrics.lines().any(|found| found.starts_with(line));
    let of = |method: &str, status: &str| {
        format!(
            "grpc_server_call_duration_seconds_count{{grpc_method=\"{method}\",grpc_status=\"{status}\"}} "
        )
    };
    assert!(
        has(&of("/sluice.v1.UploadService/GetUpload", "NOT_FOUND")),
        "{metrics}"
    );
    assert!(
        has(&of("/sluice.v1.UploadService/UploadDocument", "OK")),
        "{metrics}"
    );
    assert!(has(&of("_OTHER", "UNIMPLEMENTED")), "{metrics}");
    assert!(!metrics.contains("Unknown0"), "{metrics}");
    assert!(
        metrics.contains("grpc_status=\"OK\",le=\"0.005\"}"),
        "{metrics}"
    );
    assert!(
        has("sluice_watchers{transport=\"websocket\"} "),
        "{metrics}"
    );
}
