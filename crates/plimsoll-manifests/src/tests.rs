//! Texts become a world whose every node knows its bytes.

use super::*;
use plimsoll_world::{Role, Unit};

fn text(name: &str, text: &str) -> Text {
    Text {
        name: name.into(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn read(texts: &[Text], namespace: Option<&str>) -> Loaded {
    let identity = Identity {
        application: "shop".into(),
        environment: "default".into(),
        namespace: namespace.map(Into::into),
    };
    load(texts, &identity, Minor::LAST)
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    let sorted = loaded.findings.sorted();
    sorted.iter().map(|finding| finding.rule.code).collect()
}

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 2 }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web, namespace: lost }
rules: []
";

#[test]
fn an_object_goes_where_it_says_or_where_all_others_go() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: shop }\n";
    let texts = [text("a.yaml", WEB), text("b.yaml", config)];
    let homes = |namespace: Option<&str>| -> Vec<Option<String>> {
        let loaded = read(&texts, namespace);
        assert_eq!(codes(&loaded), [""; 0]);
        let objects = loaded.world.objects.iter();
        objects
            .map(|object| object.key.namespace.as_ref().map(ToString::to_string))
            .collect()
    };
    // A role of the whole cluster is in no namespace, whatever it says.
    let at = |name: &str| Some(name.to_owned());
    assert_eq!(homes(None), [at("shop"), None, at("shop")]);
    assert_eq!(homes(Some("other")), [at("other"), None, at("shop")]);
}

#[test]
fn a_value_knows_its_place_in_its_file() {
    let loaded = read(&[text("web.yaml", WEB)], None);
    let replicas = loaded.world.objects[0].body.at(&["spec", "replicas"]);
    let place = replicas
        .and_then(|node| node.origin().place())
        .expect("written");
    assert_eq!(loaded.sources.position(place).line, 4);
    assert_eq!(loaded.sources.text(place), "2");
}

#[test]
fn lists_are_unfolded_and_what_is_no_object_is_told() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n\
                - { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n";
    let loaded = read(
        &[text("l.yaml", list), text("values.yaml", "replicas: 2\n")],
        None,
    );
    assert_eq!(codes(&loaded), ["PL0702", "PL0701"]);
    assert_eq!(loaded.world.objects.len(), 2);
}

#[test]
fn what_holds_data_is_protected() {
    let disks = "\
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec: { volumeClaimTemplates: [{ metadata: { name: data } }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, annotations: { helm.sh/resource-policy: keep } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: loose }
";
    let loaded = read(&[text("db.yaml", disks)], None);
    let protected: Vec<bool> = loaded
        .world
        .objects
        .iter()
        .map(|object| object.protected)
        .collect();
    assert_eq!(protected, [true, true, false]);
    assert_eq!(loaded.world.objects[0].role, Role::Store);
}

/// What Helm would run before an installation comes before everything that runs pods, by weight; what
/// has no moment in a release is left out, and said.
#[test]
fn hooks_of_a_chart_become_an_order() {
    let stream = "\
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
---
# Source: shop/templates/migrate.yaml
apiVersion: batch/v1
kind: Job
metadata: { name: migrate, annotations: { helm.sh/hook: \"pre-install,pre-upgrade\", helm.sh/hook-weight: \"5\" } }
---
# Source: shop/templates/migrate.yaml
apiVersion: batch/v1
kind: Job
metadata: { name: wait, annotations: { helm.sh/hook: pre-install } }
---
# Source: shop/templates/tests/ask.yaml
apiVersion: v1
kind: Pod
metadata: { name: ask, annotations: { helm.sh/hook: test } }
";
    let texts = split(stream);
    let names: Vec<&str> = texts.iter().map(|text| text.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "shop/templates/web.yaml as rendered",
            "shop/templates/migrate.yaml as rendered",
            "shop/templates/tests/ask.yaml as rendered",
        ]
    );
    let loaded = read(&texts, None);
    assert_eq!(codes(&loaded), ["PL0703"]);
    let job = |name: &str| Unit::Job(name.into());
    let order: Vec<(&str, Vec<Unit>)> = loaded
        .world
        .objects
        .iter()
        .map(|object| (object.key.name.as_str(), object.after.clone()))
        .collect();
    assert_eq!(
        order,
        [
            ("web", vec![job("migrate"), job("wait")]),
            ("migrate", vec![job("wait")]),
            ("wait", vec![]),
        ]
    );
}
