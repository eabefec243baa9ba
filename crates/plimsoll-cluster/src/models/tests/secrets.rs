//! External Secrets, Sealed Secrets, Reloader.

use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::models::testing::{condition, prepared};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn with_store() -> World {
    let stores = vec![(
        "ClusterSecretStore".to_owned(),
        String::new(),
        "vault".to_owned(),
    )];
    prepared(&[
        Component {
            stores,
            ..Component::named("external-secrets")
        },
        Component::named("sealed-secrets"),
        Component::named("reloader"),
    ])
}

fn external(name: &str, store: &str, template: &Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name},
        "spec": {
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": store}, "target": {"template": template},
            "data": [{"secretKey": "password", "remoteRef": {"key": "shop/db"}}, {"secretKey": "user", "remoteRef": {"key": "shop/user"}}],
        },
    })
}

fn value(secret: &Value, key: &str) -> String {
    let bytes = STANDARD
        .decode(secret["data"][key].as_str().expect("a key"))
        .expect("base64");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn an_external_secret_makes_its_secret_and_equal_places_hold_equal_values() {
    let mut world = with_store();
    world.create(external("a", "vault", &json!({})));
    world.create(external(
        "b",
        "vault",
        &json!({"data": {"URL": "pg://{{ .user }}:{{ .password }}@db"}}),
    ));
    world.pass(10);
    let (a, b) = (world.get("Secret", "a"), world.get("Secret", "b"));
    assert_eq!(
        condition(
            &world.get("external-secrets.io/ExternalSecret", "a"),
            "Ready"
        ),
        "True SecretSynced secret synced"
    );
    assert_eq!(
        value(&b, "URL"),
        format!("pg://{}:{}@db", value(&a, "user"), value(&a, "password"))
    );
    assert_eq!(
        b["data"].as_object().map(serde_json::Map::len),
        Some(1),
        "a template replaces the keys"
    );
    assert_eq!(
        crate::object::controller_of(&a).expect("an owner")["kind"],
        "ExternalSecret"
    );
}

#[test]
fn without_its_store_nothing_is_made_until_it_comes() {
    let mut world = with_store();
    world.create(external("a", "other", &json!({})));
    world.pass(10);
    let told = condition(
        &world.get("external-secrets.io/ExternalSecret", "a"),
        "Ready",
    );
    assert!(
        told.starts_with("False SecretSyncedError could not get ClusterSecretStore \"other\""),
        "{told}"
    );
    assert!(world.state.get("Secret", "app", "a").is_none());
    world.create(json!({"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "other"}, "spec": {"provider": {"fake": {"data": []}}}}));
    world.pass(10);
    assert!(world.state.get("Secret", "app", "a").is_some());
}

#[test]
fn a_template_that_names_an_unknown_key_is_an_error() {
    let mut world = with_store();
    world.create(external(
        "a",
        "vault",
        &json!({"data": {"URL": "{{ .host }}"}}),
    ));
    world.pass(10);
    let told = condition(
        &world.get("external-secrets.io/ExternalSecret", "a"),
        "Ready",
    );
    assert!(
        told.ends_with("at key URL: map has no entry for key \"host\""),
        "{told}"
    );
}

fn sealed(name: &str, text: &str) -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": name},
        "spec": {"encryptedData": {"token": text}, "template": {"metadata": {"labels": {"a": "b"}}, "type": "Opaque"}},
    })
}

#[test]
fn a_sealed_secret_makes_its_secret() {
    let mut world = with_store();
    world.create(sealed("api", "AgBy8hCi"));
    world.pass(5);
    let secret = world.get("Secret", "api");
    assert_eq!(value(&secret, "token").len(), 32);
    assert_eq!(secret["metadata"]["labels"]["a"], "b");
    assert_eq!(
        condition(&world.get("bitnami.com/SealedSecret", "api"), "Synced"),
        "True"
    );
}

#[test]
fn a_sealed_secret_leaves_foreign_secrets_and_bad_seals_alone() {
    let mut world = with_store();
    world.create(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "api"}, "data": {}}),
    );
    world.create(sealed("api", "AgBy8hCi"));
    world.create(sealed("bad", "*"));
    world.pass(5);
    assert!(
        condition(&world.get("bitnami.com/SealedSecret", "api"), "Synced")
            .ends_with("is not managed by SealedSecret")
    );
    assert_eq!(
        condition(&world.get("bitnami.com/SealedSecret", "bad"), "Synced"),
        "False  illegal base64 data in key token"
    );
}

#[test]
fn a_changed_secret_restarts_the_workloads_that_asked_for_it() {
    let mut world = with_store();
    world.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "api"}, "data": {"a": "YQ=="}}));
    for (name, annotations) in [
        ("one", json!({"reloader.stakater.com/auto": "true"})),
        ("two", json!({})),
    ] {
        world.create(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "annotations": annotations},
            "spec": {"selector": {"matchLabels": {"a": name}}, "template": {"metadata": {"labels": {"a": name}}, "spec": {
                "containers": [{"name": "c", "image": "example/one:1", "envFrom": [{"secretRef": {"name": "api"}}]}]}}},
        }));
    }
    world.pass(30);
    world.edit("Secret", "api", |secret| {
        secret["data"]["a"] = json!("Yg==");
    });
    world.pass(30);
    let env = |name: &str| {
        world.get("apps/Deployment", name)["spec"]["template"]["spec"]["containers"][0]["env"]
            .clone()
    };
    assert_eq!(env("one")[0]["name"], "STAKATER_API_SECRET");
    assert!(env("two").is_null());
}
