//! `secrets seal`: from values that a person brings to objects that the real controller's code opens.

use crate::harness::{Bench, Ran};
use plimsoll_secrets::{Half, PairKind, System, pair};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

const TOKEN: &str = "a-token-that-nobody-sees";

fn file(scope: &str, more: &str) -> String {
    format!(
        "\
app: shop
services:
  web: {{ image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, uses: [db], secrets: [TOKEN, SIGNER] }}
{more}stores:
  db: {{ engine: postgres, storage: 20Gi }}
secrets:
  TOKEN: {{}}
  SIGNER: {{ kind: jwt-rs256, protect: true }}
platform: {{ secrets: {{ use: sealed, scope: {scope}, certificate: seal.pem }} }}
"
    )
}

const WORKER: &str =
    "  worker: { image: ghcr.example/shop/worker:1.4.2, health: none, uses: [db] }\n";

/// A folder with a controller's certificate, and its private key beside it under another name.
fn bench(scope: &str) -> Bench {
    let bench = Bench::with(&file(scope, ""));
    controller(&bench, 4096);
    bench
}

/// Another controller, whose certificate holds until that year.
fn controller(bench: &Bench, until: i32) {
    let made = pair(&PairKind::JwtRs256, &mut System).expect("a key");
    let private = made
        .half(Half::Private)
        .expose_text()
        .expect("text")
        .to_owned();
    let key = rcgen::KeyPair::from_pem(&private).expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    bench.write("seal.pem", &params.self_signed(&key).expect("signed").pem());
    bench.write("controller.key", &private);
}

fn sealed(bench: &Bench) -> Option<String> {
    fs::read_to_string(bench.folder().join("sealed/default.yaml")).ok()
}

/// Seals with the token from the environment; nothing that is said holds it.
fn seal(bench: &Bench, more: &[&str]) -> Ran {
    let ran = bench.run_given(
        &[&["secrets", "seal"], more].concat(),
        "",
        &[("PLIMSOLL_SECRET_TOKEN", TOKEN)],
    );
    assert!(
        !format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN),
        "{ran:?}"
    );
    ran
}

/// The Secrets of all rendered `SealedSecret` objects, opened: `NAME KEY` → value in base64.
fn opened(bench: &Bench) -> Option<BTreeMap<String, String>> {
    let program = plimsoll_testkit::tool("kubeseal")?;
    let ran = bench.run(&["render"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut values = BTreeMap::new();
    for object in ran
        .stdout
        .split("\n---\n")
        .filter(|text| text.contains("\nkind: SealedSecret\n"))
    {
        let mut child = Command::new(&program)
            .args(["--recovery-unseal", "--recovery-private-key"])
            .arg(bench.folder().join("controller.key"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubeseal starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(object.as_bytes()).expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("kubeseal ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{object}");
        let secret: Value = serde_json::from_slice(&output.stdout).expect("a Secret");
        let name = secret["metadata"]["name"].as_str().expect("a name");
        for (key, value) in secret["data"].as_object().expect("values") {
            values.insert(
                format!("{name} {key}"),
                value.as_str().expect("text").to_owned(),
            );
        }
    }
    Some(values)
}

/// Holds P5: every scope, opened by the controller's own code; the value is nowhere else.
#[test]
fn what_is_sealed_opens_in_the_cluster_and_a_value_is_nowhere() {
    for scope in ["strict", "namespace", "cluster"] {
        let bench = bench(scope);
        let before = bench.run(&["check", "--format", "short"]);
        assert_eq!(
            (before.code, before.stdout.contains("PL0430")),
            (1, true),
            "{}",
            before.stdout
        );
        let ran = seal(&bench, &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = sealed(&bench).expect("a file");
        assert!(!text.contains(TOKEN));
        let after = bench.run(&["check", "--format", "short"]);
        assert_eq!(after.code, 0, "{}", after.stdout);
        let again = seal(&bench, &[]);
        assert_eq!(
            (again.code, sealed(&bench)),
            (0, Some(text)),
            "{}",
            again.stderr
        );
        let Some(opened) = opened(&bench) else { return };
        assert_eq!(
            opened["web-secrets TOKEN"],
            "YS10b2tlbi10aGF0LW5vYm9keS1zZWVz"
        );
        assert!(opened["web-secrets SIGNER_PRIVATE"].starts_with("LS0tLS1CRUdJTiBQUklWQVRF"));
        let [own, of_store] =
            ["web-secrets", "db-credentials"].map(|name| &opened[&format!("{name} DB_PASSWORD")]);
        assert!(own == of_store, "the store and its user have one password");
    }
}

#[test]
fn a_value_that_nobody_brought_is_asked_for_and_nothing_is_written() {
    let bench = bench("strict");
    let ran = bench.run(&["secrets", "seal"]);
    assert_eq!((ran.code, sealed(&bench)), (1, None), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("TOKEN: set PLIMSOLL_SECRET_TOKEN"),
        "{}",
        ran.stderr
    );
    let piped = bench.run_given(
        &["secrets", "seal", "--stdin"],
        "{\"TOKEN\": \"x\", \"TOKN\": \"y\"}",
        &[],
    );
    assert_eq!((piped.code, sealed(&bench)), (2, None));
    assert!(
        piped.stderr.contains("did you mean `TOKEN`?"),
        "{}",
        piped.stderr
    );
    let broken = bench.run_given(
        &["secrets", "seal", "--stdin"],
        &format!("{{\"TOKEN\": {TOKEN}"),
        &[],
    );
    assert_eq!(
        (broken.code, broken.stderr.contains(TOKEN)),
        (2, false),
        "{}",
        broken.stderr
    );
    let one = bench.run_given(
        &["secrets", "seal", "--stdin=TOKEN"],
        &format!("{TOKEN}\n"),
        &[],
    );
    assert_eq!(one.code, 0, "{}", one.stderr);
    if let Some(opened) = opened(&bench) {
        assert_eq!(
            opened["web-secrets TOKEN"],
            "YS10b2tlbi10aGF0LW5vYm9keS1zZWVz"
        );
    }
}

#[test]
fn another_who_wants_a_sealed_value_gets_it_where_the_scope_lets_it() {
    for (scope, code) in [("strict", 1), ("namespace", 0)] {
        let bench = bench(scope);
        assert_eq!(seal(&bench, &[]).code, 0);
        bench.write("plimsoll.yaml", &file(scope, WORKER));
        let ran = seal(&bench, &[]);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        if code == 0 {
            assert!(ran.stdout.contains("copied"), "{}", ran.stdout);
        } else {
            assert!(ran.stderr.contains("cannot be read"), "{}", ran.stderr);
            let renewed = seal(&bench, &["--renew", "DB_PASSWORD"]);
            assert_eq!(renewed.code, 0, "{}", renewed.stderr);
        }
        let Some(opened) = opened(&bench) else { return };
        assert_eq!(
            opened["worker-secrets DB_PASSWORD"],
            opened["web-secrets DB_PASSWORD"]
        );
        assert_eq!(
            opened["worker-secrets DB_PASSWORD"],
            opened["db-credentials DB_PASSWORD"]
        );
    }
}

#[test]
fn a_protected_value_in_use_is_never_replaced() {
    let bench = bench("strict");
    assert_eq!(
        seal(&bench, &["--renew", "SIGNER"]).code,
        0,
        "nothing is in use yet"
    );
    let text = sealed(&bench);
    let ran = seal(&bench, &["--renew", "SIGNER"]);
    assert_eq!((ran.code, sealed(&bench)), (1, text), "{}", ran.stderr);
}

#[test]
fn a_certificate_that_does_not_fit_is_told() {
    let bench = bench("strict");
    assert_eq!(seal(&bench, &[]).code, 0);
    controller(&bench, 4096);
    let foreign = bench.run(&["check", "--format", "short"]);
    assert!(foreign.stdout.contains("PL0507"), "{}", foreign.stdout);
    controller(&bench, 2020);
    let expired = bench.run(&["check", "--format", "short"]);
    assert!(
        expired.stdout.contains("held until 2020-01-01"),
        "{}",
        expired.stdout
    );
    assert_eq!(seal(&bench, &["--renew", "TOKEN"]).code, 1);
    bench.write("seal.pem", "no certificate");
    assert_eq!(bench.run(&["check"]).code, 1);
    fs::remove_file(bench.folder().join("seal.pem")).expect("it was there");
    assert_eq!(bench.run(&["check"]).code, 1);
}

#[test]
fn another_scope_seals_everything_again() {
    let bench = bench("strict");
    assert_eq!(seal(&bench, &[]).code, 0);
    bench.write("plimsoll.yaml", &file("cluster", ""));
    let told = bench.run(&["check", "--format", "short"]);
    assert!(told.stdout.contains("PL0431"), "{}", told.stdout);
    let ran = seal(&bench, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    opened(&bench);
}
