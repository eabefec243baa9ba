//! Throw-away keys and certificates of one control plane. The administrator has a bearer token.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Names under which the API server is reached: from outside, and in-cluster.
const API_SERVER_NAMES: [&str; 4] = [
    "localhost",
    "kubernetes.default.svc",
    "127.0.0.1",
    "10.0.0.1",
];

/// Writes `ca.crt`, `api.crt`, `api.key`, `sa.key`, `sa.pub`, `tokens.csv` and `kubeconfig`.
pub fn write(folder: &Path, port: u16) -> Result<()> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    ca.distinguished_name.push(DnType::CommonName, "test-ca");
    private(folder, "ca.crt", &ca.self_signed(&ca_key)?.pem())?;

    let api_key = KeyPair::generate()?;
    let mut api = CertificateParams::new(API_SERVER_NAMES.map(str::to_owned))?;
    api.distinguished_name
        .push(DnType::CommonName, "kube-apiserver");
    let api = api.signed_by(&api_key, &Issuer::new(ca, ca_key))?;
    private(folder, "api.crt", &api.pem())?;
    private(folder, "api.key", &api_key.serialize_pem())?;

    let accounts = KeyPair::generate()?;
    private(folder, "sa.key", &accounts.serialize_pem())?;
    private(folder, "sa.pub", &accounts.public_key_pem())?;

    let token = token()?;
    private(
        folder,
        "tokens.csv",
        &format!("{token},admin,admin,\"system:masters\"\n"),
    )?;
    private(
        folder,
        "kubeconfig",
        &kubeconfig(folder, port, &token).to_string(),
    )
}

/// Unguessable, for the key whose public half this is was never kept.
fn token() -> Result<String> {
    let key = KeyPair::generate()?;
    let mut token = String::new();
    for byte in key.public_key_raw().iter().rev().take(24) {
        write!(token, "{byte:02x}")?;
    }
    Ok(token)
}

fn kubeconfig(folder: &Path, port: u16, token: &str) -> serde_json::Value {
    let cluster = serde_json::json!({
        "server": format!("https://127.0.0.1:{port}"),
        "certificate-authority": folder.join("ca.crt"),
    });
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "test", "cluster": cluster }],
        "users": [{ "name": "admin", "user": { "token": token } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "admin" } }],
        "current-context": "test",
    })
}

/// Writes a file that only its owner may read.
fn private(folder: &Path, name: &str, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let path = folder.join(name);
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("writing {}", path.display()))
}
