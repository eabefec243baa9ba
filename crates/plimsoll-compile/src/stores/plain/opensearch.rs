//! OpenSearch. Source: the image `opensearchproject/opensearch`, which makes settings of variables.

use super::super::credentials::{self, Credentials};
use super::super::recipe::Recipe;
use super::super::several;
use super::{heap, pod_names};
use crate::cx::Cx;
use crate::workload::{container, resources, volume};
use plimsoll_source::Str;
use plimsoll_spec::app::Store;
use plimsoll_spec::app::pod::Writable;
use plimsoll_world::{Cond, Expr, Form, Scope, form};

const CONFIG: &str = "/usr/share/opensearch/config";

/// Adds the login, discovery and a copy of the image's configuration that may be written.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    if let Some(user) = credentials::users(store).next() {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential("OPENSEARCH_INITIAL_ADMIN_PASSWORD", &key);
    }
    pod_names(store, recipe);
    recipe.set("OPENSEARCH_JAVA_OPTS", heap(store));
    let text = |text: &str| Expr::text(store.engine.origin(), text);
    recipe.set("cluster.name", Expr::from(&store.name));
    recipe.set("node.name", text("$(POD_NAME)"));
    recipe.set("network.host", text("0.0.0.0"));
    recipe.set("plugins.security.ssl.http.enabled", text("false"));
    recipe.set_when(several(store).not(), "discovery.type", text("single-node"));
    recipe.set_when(several(store), "discovery.seed_hosts", text("$(DOMAIN)"));
    let first = store.name.map(|name| Str::from(format!("{name}-0")));
    recipe.set_when(
        several(store),
        "cluster.initial_cluster_manager_nodes",
        Expr::from(&first),
    );
    for (key, value) in &store.settings {
        recipe.set(key, Expr::from(value));
    }
    recipe
        .before
        .push((Cond::always("stores/opensearch"), copy(store)));
}

/// The demo installer of the image writes into its own configuration.
fn copy(store: &Store) -> Form {
    let s = &Scope::new("stores/opensearch");
    form!(s; {
        name: "config",
        image: container::foreign_image(&store.image),
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        command: ["/bin/sh", "-c", s.text(format!("cp -r {CONFIG}/. /config/"))],
        resources: resources::of_store(&store.size),
        securityContext: container::security(&store.security, &Writable::Paths(Vec::new())),
        volumeMounts: [{ name: s.text(volume::volume_name("scratch", CONFIG)), mountPath: "/config" }],
    })
}
