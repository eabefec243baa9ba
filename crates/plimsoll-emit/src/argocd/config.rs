//! People and roles: single sign-on, restricted accounts, and what each role may.
//!
//! Where Argo CD is ours to install, its chart owns each `ConfigMap` and takes the same values.

use serde_json::{Map, Value, json};

use super::Argo;
use crate::{FileSet, System};

/// Adds each `ConfigMap` where nobody else writes them.
pub(super) fn add(argo: &Argo<'_, '_>, files: &mut FileSet) {
    let gitops = &argo.system.chosen().app.platform.gitops;
    if *gitops.component.install.peek() {
        return;
    }
    let mut maps = vec![
        ("argocd-cm", cm(argo.system)),
        ("argocd-rbac-cm", rbac(argo.system)),
    ];
    if argo.rolls() {
        maps.push(("argocd-cmd-params-cm", parameters()));
    }
    for (name, data) in maps {
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": argo.namespace(),
                "labels": { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd" }
            },
            "data": data,
        });
        argo.add(
            files,
            &format!("config/{name}.yaml"),
            &about(argo, name),
            &object,
        );
    }
}

fn about(argo: &Argo<'_, '_>, name: &str) -> String {
    let about = "Apply it once: kubectl apply --server-side -f …\nArgo CD reads it by this name";
    match name {
        "argocd-cmd-params-cm" => format!(
            "{about} when it starts:\n\
             kubectl rollout restart deployment argocd-applicationset-controller -n {}",
            argo.namespace()
        ),
        _ => format!("{about}."),
    }
}

/// Data of `argocd-cm`.
pub(crate) fn cm(system: &System<'_>) -> Map<String, Value> {
    let gitops = &system.chosen().app.platform.gitops;
    let mut data = Map::new();
    // Waves of child Applications wait for their health, which Argo CD does not look at by itself.
    let health = "local health = (obj.status or {}).health or {}\n\
                  return { status = health.status or \"Progressing\", message = health.message or \"\" }\n";
    data.insert(
        "resource.customizations.health.argoproj.io_Application".into(),
        json!(health),
    );
    if let Some(sso) = &gitops.sso {
        let secret = secret_name(sso.secret.peek());
        let config = format!(
            "name: SSO\nissuer: {}\nclientID: {}\nclientSecret: ${secret}:clientSecret\n\
             requestedScopes: [openid, profile, email, groups]\n",
            sso.issuer.peek(),
            sso.client.peek()
        );
        data.insert("oidc.config".into(), json!(config));
        // People come through the provider, so that the audit trail has their names.
        data.insert("admin.enabled".into(), json!("false"));
    }
    for account in gitops.accounts.keys() {
        data.insert(format!("accounts.{account}"), json!("apiKey"));
    }
    data
}

/// Parameters of the programs: without this one no `ApplicationSet` keeps the order of its stages.
pub(crate) fn parameters() -> Map<String, Value> {
    let key = "applicationsetcontroller.enable.progressive.syncs";
    Map::from_iter([(key.to_owned(), json!("true"))])
}

/// Data of `argocd-rbac-cm`.
pub(crate) fn rbac(system: &System<'_>) -> Map<String, Value> {
    let gitops = &system.chosen().app.platform.gitops;
    let mut lines = Vec::new();
    for (name, rules) in &gitops.roles {
        let rules = rules.iter();
        lines.extend(rules.map(|rule| format!("p, role:{name}, {}", rule.peek())));
        lines.push(format!("g, {name}, role:{name}"));
    }
    for (account, role) in &gitops.accounts {
        lines.push(format!("g, {account}, role:{}", role.peek()));
    }
    let mut data = Map::new();
    // Nobody may anything unless a role says so.
    data.insert("policy.default".into(), json!(""));
    data.insert("policy.csv".into(), json!(lines.join("\n") + "\n"));
    data.insert("scopes".into(), json!("[groups]"));
    data
}

/// `ARGOCD_OIDC` as the name of an object.
pub(crate) fn secret_name(secret: &str) -> String {
    secret.to_lowercase().replace(['_', '.'], "-")
}
