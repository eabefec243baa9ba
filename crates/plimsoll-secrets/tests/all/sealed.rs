//! Values that we seal, opened by `kubeseal --recovery-unseal`, which is the controller's own code.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use plimsoll_secrets::{Certificate, Half, PairKind, SecretValue, System, pair, seal};
use serde_json::{Value, json};

/// A scope, the label of what is sealed in it for `shop/api`, and the annotation that says so.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scope {
    Strict,
    Namespace,
    Cluster,
}

const SCOPES: [Scope; 3] = [Scope::Strict, Scope::Namespace, Scope::Cluster];

impl Scope {
    fn label(self) -> &'static str {
        match self {
            Self::Strict => "shop/api",
            Self::Namespace => "shop",
            Self::Cluster => "",
        }
    }

    fn annotations(self) -> Value {
        match self {
            Self::Strict => json!({}),
            Self::Namespace => json!({ "sealedsecrets.bitnami.com/namespace-wide": "true" }),
            Self::Cluster => json!({ "sealedsecrets.bitnami.com/cluster-wide": "true" }),
        }
    }
}

const VALUE: &[u8] = b"p\xc3\xa4ss: \"word\"\n";

/// A controller's certificate and its private key, PEM.
fn controller() -> (Certificate, String) {
    let made = pair(&PairKind::JwtRs256, &mut System).expect("a key");
    let private = made
        .half(Half::Private)
        .expose_text()
        .expect("text")
        .to_owned();
    let key = rcgen::KeyPair::from_pem(&private).expect("a key");
    let params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    let certificate = params.self_signed(&key).expect("signed").pem();
    (
        Certificate::read(&certificate).expect("a certificate"),
        private,
    )
}

fn object(scope: Scope, namespace: &str, name: &str, sealed: &str) -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": { "name": name, "namespace": namespace, "annotations": scope.annotations() },
        "spec": { "encryptedData": { "KEY": sealed }, "template": { "type": "Opaque" } },
    })
}

fn unseal(program: &Path, key: &Path, object: &Value) -> Output {
    let mut child = Command::new(program)
        .arg("--recovery-unseal")
        .arg("--recovery-private-key")
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubeseal starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(object.to_string().as_bytes())
        .expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("kubeseal ends")
}

/// Holds P5.
#[test]
fn the_real_controllers_code_opens_every_scope_and_nothing_out_of_it() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let Some(program) = plimsoll_testkit::tool("kubeseal") else {
        return;
    };
    let (certificate, private) = controller();
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key.pem");
    std::fs::write(&key, private).expect("writes");
    // Where a value is moved to, and which scopes still open it there.
    let places: [(&str, &str, &[Scope]); 3] = [
        ("shop", "api", &SCOPES),
        ("shop", "other", &[Scope::Namespace, Scope::Cluster]),
        ("other", "api", &[Scope::Cluster]),
    ];
    for scope in SCOPES {
        let value = SecretValue::new(VALUE.to_vec());
        let sealed = seal(&value, &certificate, scope.label(), &mut System).expect("sealed");
        for (namespace, name, open) in places {
            let output = unseal(&program, &key, &object(scope, namespace, name, &sealed));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(
                output.status.success(),
                open.contains(&scope),
                "{scope:?} {namespace}/{name}: {said}"
            );
            if output.status.success() {
                let secret: Value = serde_json::from_slice(&output.stdout).expect("a Secret");
                assert_eq!(secret["data"]["KEY"], STANDARD.encode(VALUE), "{scope:?}");
            }
        }
    }
}

#[test]
fn one_value_sealed_twice_cannot_be_told_to_be_one() {
    let (certificate, _) = controller();
    let seal = || {
        seal(
            &SecretValue::new(VALUE.to_vec()),
            &certificate,
            "",
            &mut System,
        )
    };
    assert_ne!(seal().expect("sealed"), seal().expect("sealed"));
}

#[test]
fn a_value_is_not_in_what_is_sealed() {
    let (certificate, _) = controller();
    let value = SecretValue::new(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_vec());
    let sealed = seal(&value, &certificate, "", &mut System).expect("sealed");
    assert!(!sealed.contains("QUFBQUFB"), "{sealed}");
}
