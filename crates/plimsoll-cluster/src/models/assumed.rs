//! What a release takes for granted: the components whose kinds, classes, stores and issuers its
//! objects name without bringing them.

use super::components::{Facts, KNOWN};
use super::platform::{Component, bringing};
use crate::controllers::read;
use crate::key::Gk;
use crate::object;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The components that a cluster must have been prepared with for `objects` to work.
///
/// Classes are found by the usual names of the components alone, so that a class that nobody
/// serves stays one. Stores and issuers are believed in under any name.
pub fn assumed(objects: &[Value]) -> Vec<Component> {
    let mut found = Found::default();
    let brought: BTreeSet<_> = objects.iter().map(identity).collect();
    for object in objects {
        let kind = Gk::of(object).to_string();
        if let Some(component) = bringing(&kind).filter(|component| *component != "gateway-api") {
            found.component(component);
        }
        match kind.as_str() {
            "gateway.networking.k8s.io/Gateway" => found.gateway(object),
            "networking.k8s.io/Ingress" => found.ingress(object),
            "external-secrets.io/ExternalSecret" => found.stores(object, &brought),
            "cert-manager.io/Certificate" => {
                let reference = &object["spec"]["issuerRef"];
                if reference["kind"] == "ClusterIssuer" {
                    found.issuer(read::text(reference, "/name"), &brought);
                }
            }
            _ => {}
        }
        if let Some(issuer) = object::annotation(object, "cert-manager.io/cluster-issuer") {
            found.issuer(issuer, &brought);
        }
        if has_annotation(object, "reloader.stakater.com/") {
            found.component("reloader");
        }
    }
    found.components.into_values().collect()
}

/// Kind, namespace and name.
type Identity = (String, String, String);

fn identity(object: &Value) -> Identity {
    let kind = Gk::of(object).to_string();
    (
        kind,
        object::namespace(object).to_owned(),
        object::name(object).to_owned(),
    )
}

fn has_annotation(object: &Value, part: &str) -> bool {
    let annotations = object["metadata"]["annotations"].as_object();
    annotations.is_some_and(|all| all.keys().any(|key| key.contains(part)))
}

#[derive(Default)]
struct Found {
    components: BTreeMap<String, Component>,
}

impl Found {
    fn component(&mut self, name: &str) -> &mut Component {
        let entry = self.components.entry(name.to_owned());
        entry.or_insert_with(|| Component::named(name))
    }

    fn gateway(&mut self, gateway: &Value) {
        let class = read::text(gateway, "/spec/gatewayClassName");
        let serves = |facts: &&Facts| facts.gateway.is_some_and(|known| known.name == class);
        match KNOWN.iter().find(serves) {
            Some(facts) => self.component(facts.name).class = Some(class.to_owned()),
            None => {
                self.component("gateway-api");
            }
        }
    }

    fn ingress(&mut self, ingress: &Value) {
        let class = read::text(ingress, "/spec/ingressClassName");
        let serves = |facts: &&Facts| facts.ingress.is_some_and(|known| known.name == class);
        if let Some(facts) = KNOWN.iter().find(serves) {
            let component = self.component(facts.name);
            component.ingress = true;
            component.class = Some(class.to_owned());
        }
    }

    fn stores(&mut self, external: &Value, brought: &BTreeSet<Identity>) {
        let own = object::namespace(external);
        let mut references = vec![&external["spec"]["secretStoreRef"]];
        for list in ["/spec/data", "/spec/dataFrom"] {
            let items = read::items(external, list).iter();
            references.extend(items.filter_map(|item| item.pointer("/sourceRef/storeRef")));
        }
        for reference in references {
            let name = read::text(reference, "/name");
            let kind = reference["kind"].as_str().unwrap_or("SecretStore");
            let namespace = if kind == "ClusterSecretStore" {
                ""
            } else {
                own
            };
            let full = (
                format!("external-secrets.io/{kind}"),
                namespace.to_owned(),
                name.to_owned(),
            );
            let store = (kind.to_owned(), namespace.to_owned(), name.to_owned());
            let component = self.component("external-secrets");
            if !name.is_empty() && !brought.contains(&full) && !component.stores.contains(&store) {
                component.stores.push(store);
            }
        }
    }

    fn issuer(&mut self, name: &str, brought: &BTreeSet<Identity>) {
        let full = (
            "cert-manager.io/ClusterIssuer".to_owned(),
            String::new(),
            name.to_owned(),
        );
        let component = self.component("cert-manager");
        if !brought.contains(&full) && !component.issuers.iter().any(|known| known == name) {
            component.issuers.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_names_what_it_takes_for_granted() {
        let objects = [
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"namespace": "app", "name": "g",
                "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}}, "spec": {"gatewayClassName": "envoy"}}),
            json!({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"namespace": "app", "name": "e"},
                "spec": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"}}}),
            json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"namespace": "app", "name": "s"}}),
        ];
        let components = assumed(&objects);
        let names: Vec<_> = components
            .iter()
            .map(|component| component.name.as_str())
            .collect();
        assert_eq!(names, ["cert-manager", "envoy", "external-secrets", "keda"]);
        assert_eq!(components[0].issuers, ["letsencrypt"]);
        assert_eq!(
            components[2].stores,
            [(
                "ClusterSecretStore".to_owned(),
                String::new(),
                "vault".to_owned()
            )]
        );
    }

    #[test]
    fn a_class_of_an_unusual_name_is_not_believed_in() {
        let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g"}, "spec": {"gatewayClassName": "envy"}});
        let components = assumed(&[gateway]);
        assert_eq!(components, [Component::named("gateway-api")]);
    }

    #[test]
    fn a_store_that_the_release_brings_is_not_assumed() {
        let store = json!({"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"namespace": "app", "name": "own"}});
        let external = json!({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"namespace": "app", "name": "e"},
            "spec": {"secretStoreRef": {"name": "own"}}});
        assert_eq!(assumed(&[store, external])[0].stores, []);
    }
}
