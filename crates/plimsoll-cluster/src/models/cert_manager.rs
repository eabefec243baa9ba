//! cert-manager 1.21.1: issuers become ready, Certificates get their Secret, and annotated Gateways
//! and Ingresses get Certificates.
//!
//! Every challenge succeeds: no solver pod runs, and the certificate is no real one.

use super::secret_values::{encode, pem};
use super::writing::{Writer, condition, owned, says, status_of, too_young};
use crate::clock;
use crate::controllers::{Controller, Key, Outcome, read};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const CERTIFICATE: &str = "cert-manager.io/Certificate";
const ISSUER: &str = "cert-manager.io/Issuer";
const CLUSTER_ISSUER: &str = "cert-manager.io/ClusterIssuer";
const GATEWAY: &str = "gateway.networking.k8s.io/Gateway";
const INGRESS: &str = "networking.k8s.io/Ingress";
const WRITER: Writer = Writer("cert-manager");
/// Usual time of an order: a local signature, or a challenge with an ACME server.
const SECONDS_LOCAL: i64 = 1;
const SECONDS_ACME: i64 = 20;
const DAY: Duration = Duration::from_hours(24);

/// Makes issuers of one kind ready.
#[derive(Debug)]
pub(super) struct Issuers(&'static str);

impl Issuers {
    pub(super) fn namespaced() -> Self {
        Self(ISSUER)
    }

    pub(super) fn cluster() -> Self {
        Self(CLUSTER_ISSUER)
    }
}

impl Controller for Issuers {
    fn name(&self) -> &'static str {
        "cert-manager-issuers"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        if *entry.kind == *self.0 {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(issuer) = state.get(self.0, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let words = ["acme", "ca", "selfSigned", "vault", "venafi"];
        let ready = match words
            .iter()
            .find(|word| issuer["spec"].get(**word).is_some())
        {
            Some(&"acme") => says(
                "Ready",
                true,
                "ACMEAccountRegistered",
                "The ACME account was registered with the ACME server",
            ),
            Some(&"ca") => says("Ready", true, "KeyPairVerified", "Signing CA verified"),
            Some(_) => says("Ready", true, "IsReady", ""),
            None => says(
                "Ready",
                false,
                "NotSupported",
                "no issuer specified for Issuer",
            ),
        };
        let mut status = status_of(&issuer);
        condition(&mut status, &issuer, ready, state.now());
        WRITER.status(state, &issuer, status);
        Outcome::Done
    }
}

/// Issues Certificates.
#[derive(Debug)]
pub(super) struct Certificates;

impl Controller for Certificates {
    fn name(&self) -> &'static str {
        "cert-manager-certificates"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            CERTIFICATE => vec![Key::new(&entry.namespace, &entry.name)],
            ISSUER | CLUSTER_ISSUER => state
                .list(CERTIFICATE)
                .iter()
                .map(|one| Key::of(one))
                .collect(),
            "Secret" if entry.new.is_none() => state
                .list_in(CERTIFICATE, &entry.namespace)
                .iter()
                .map(|one| Key::of(one))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(certificate) = state.get(CERTIFICATE, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if object::is_terminating(&certificate) {
            return Outcome::Done;
        }
        let issuer = match issuer_of(state, &certificate) {
            Ok(issuer) => issuer,
            Err(why) => {
                pending(state, &certificate, &why);
                state.record(
                    &certificate,
                    EventKind::Warning,
                    "IssuerNotFound",
                    &why,
                    WRITER.0,
                );
                return Outcome::Done;
            }
        };
        let seconds = if issuer["spec"].get("acme").is_some() {
            SECONDS_ACME
        } else {
            SECONDS_LOCAL
        };
        if let Some(wait) = too_young(state, &certificate, seconds) {
            pending(
                state,
                &certificate,
                "Issuing certificate as Secret does not exist",
            );
            return wait;
        }
        issue(state, &certificate);
        Outcome::Done
    }
}

fn issuer_of(state: &State, certificate: &Value) -> Result<Value, String> {
    let reference = &certificate["spec"]["issuerRef"];
    let (kind, name) = (
        reference["kind"].as_str().unwrap_or("Issuer"),
        read::text(reference, "/name"),
    );
    let (full, namespace) = match kind {
        "ClusterIssuer" => (CLUSTER_ISSUER, ""),
        _ => (ISSUER, object::namespace(certificate)),
    };
    let issuer = state
        .get(full, namespace, name)
        .ok_or_else(|| format!("Referenced {kind:?} not found: {name}"))?;
    match object::condition(&issuer, "Ready") {
        Some("True") => Ok(Value::clone(&issuer)),
        _ => Err(format!("Referenced {kind:?} is not ready: {name}")),
    }
}

fn pending(state: &mut State, certificate: &Value, why: &str) {
    let mut status = status_of(certificate);
    condition(
        &mut status,
        certificate,
        says("Issuing", true, "DoesNotExist", why),
        state.now(),
    );
    condition(
        &mut status,
        certificate,
        says("Ready", false, "DoesNotExist", why),
        state.now(),
    );
    WRITER.status(state, certificate, status);
}

fn issue(state: &mut State, certificate: &Value) {
    let (namespace, name) = (
        object::namespace(certificate),
        read::text(certificate, "/spec/secretName"),
    );
    if state.get("Secret", namespace, name).is_none() {
        let secret = key_pair(state, certificate, name);
        if !WRITER.put(state, certificate, secret) {
            return;
        }
        state.record(
            certificate,
            EventKind::Normal,
            "Issuing",
            "The certificate has been successfully issued",
            WRITER.0,
        );
    }
    let mut status = status_of(certificate);
    if status["revision"].is_null() {
        let now = state.now();
        status["revision"] = json!(1);
        status["notBefore"] = json!(clock::time(now));
        status["notAfter"] = json!(clock::time(clock::after(now, DAY * 90)));
        status["renewalTime"] = json!(clock::time(clock::after(now, DAY * 60)));
    }
    crate::controllers::conditions::remove(&mut status, "Issuing");
    condition(
        &mut status,
        certificate,
        says(
            "Ready",
            true,
            "Ready",
            "Certificate is up to date and has not expired",
        ),
        state.now(),
    );
    WRITER.status(state, certificate, status);
}

fn key_pair(state: &State, certificate: &Value, name: &str) -> Value {
    let namespace = object::namespace(certificate);
    let text = |kind: &str| encode(&pem(state, kind, &["certificate", namespace, name, kind]));
    let reference = &certificate["spec"]["issuerRef"];
    let hosts: Vec<_> = read::items(certificate, "/spec/dnsNames")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "namespace": namespace, "name": name,
            "labels": {"controller.cert-manager.io/fao": "true"},
            "annotations": {
                "cert-manager.io/alt-names": hosts.join(","),
                "cert-manager.io/certificate-name": object::name(certificate),
                "cert-manager.io/issuer-kind": reference["kind"].as_str().unwrap_or("Issuer"),
                "cert-manager.io/issuer-name": reference["name"],
            },
        },
        "data": {"tls.crt": text("CERTIFICATE"), "tls.key": text("PRIVATE KEY"), "ca.crt": text("CERTIFICATE")},
    })
}

/// Makes Certificates for annotated Gateways or Ingresses.
#[derive(Debug)]
pub(super) struct Shim(&'static str);

impl Shim {
    pub(super) fn gateways() -> Self {
        Self(GATEWAY)
    }

    pub(super) fn ingresses() -> Self {
        Self(INGRESS)
    }
}

impl Controller for Shim {
    fn name(&self) -> &'static str {
        "cert-manager-shim"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        if *entry.kind == *self.0 {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let served = state.kinds().get(CERTIFICATE).is_some();
        let Some(owner) = state
            .get(self.0, &key.namespace, &key.name)
            .filter(|_| served)
        else {
            return Outcome::Done;
        };
        let Some(issuer) = annotated_issuer(&owner) else {
            return Outcome::Done;
        };
        let wanted = if self.0 == GATEWAY {
            of_gateway(&owner)
        } else {
            of_ingress(&owner)
        };
        for (secret, hosts) in wanted {
            let certificate = json!({
                "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
                "metadata": {"namespace": key.namespace, "name": secret, "labels": owner["metadata"]["labels"].as_object().cloned().unwrap_or_default()},
                "spec": {"secretName": secret, "dnsNames": hosts, "issuerRef": issuer, "usages": ["digital signature", "key encipherment"]},
            });
            WRITER.put(state, &owner, owned(certificate, &owner));
        }
        Outcome::Done
    }
}

fn annotated_issuer(owner: &Value) -> Option<Value> {
    let reference =
        |kind: &str, name: &str| json!({"group": "cert-manager.io", "kind": kind, "name": name});
    object::annotation(owner, "cert-manager.io/cluster-issuer")
        .map(|name| reference("ClusterIssuer", name))
        .or_else(|| {
            object::annotation(owner, "cert-manager.io/issuer")
                .map(|name| reference("Issuer", name))
        })
}

/// Hosts by Secret, over all listeners that end TLS and name a host.
fn of_gateway(gateway: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for listener in read::items(gateway, "/spec/listeners") {
        let host = read::text(listener, "/hostname");
        let terminates = read::text(listener, "/tls/mode") != "Passthrough";
        for reference in read::items(listener, "/tls/certificateRefs") {
            let here = reference
                .get("namespace")
                .is_none_or(|namespace| *namespace == gateway["metadata"]["namespace"]);
            if terminates && here && !host.is_empty() {
                all.entry(read::text(reference, "/name").to_owned())
                    .or_default()
                    .insert(host.to_owned());
            }
        }
    }
    all
}

fn of_ingress(ingress: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for tls in read::items(ingress, "/spec/tls") {
        let hosts = read::items(tls, "/hosts")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned);
        let secret = read::text(tls, "/secretName");
        if !secret.is_empty() {
            all.entry(secret.to_owned()).or_default().extend(hosts);
        }
    }
    all
}
