//! Rights: what somebody may do for whom a role is bound, and how the others are refused.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::At;

behaviours![
    a_stranger_may_not_even_look,
    each_verb_is_refused_by_its_name,
    a_role_gives_its_verbs_and_no_more,
    a_role_of_the_cluster_can_be_bound_in_one_namespace,
    a_right_can_be_for_one_name,
    a_right_to_a_kind_is_none_to_its_parts,
    a_group_and_an_account_have_rights_too,
    a_review_tells_ones_own_rights,
];

const ROLES: &str = "rbac.authorization.k8s.io/roles";
const BINDINGS: &str = "rbac.authorization.k8s.io/rolebindings";

async fn role(at: &At, rules: Value) {
    let body = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "some"}, "rules": rules,
    });
    at.create(ROLES, body).await;
    bind(
        at,
        "Role",
        "some",
        json!({"kind": "User", "name": "stranger"}),
    )
    .await;
}

/// Binds a role, and waits until the server knows: the real one learns of it a moment later.
async fn bind(at: &At, kind: &str, name: &str, subject: Value) {
    let body = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "some"}, "subjects": [subject],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
    });
    at.create(BINDINGS, body).await;
    at.rest().await;
}

fn cannot(at: &At, verb: &str, resource: &str, group: &str) -> String {
    format!(
        "User \"stranger\" cannot {verb} resource \"{resource}\" in API group \"{group}\" in the namespace \"{}\"",
        at.namespace
    )
}

async fn a_stranger_may_not_even_look(at: At) {
    let stranger = at.acting_as("stranger");
    let refused = stranger.try_get("configmaps").await.expect_err("no rights");
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
    let cannot_list = cannot(&at, "list", "configmaps", "");
    assert_eq!(
        refused.message,
        format!("configmaps is forbidden: {cannot_list}")
    );
    let refused = stranger
        .try_get("/apis/apps/v1/deployments")
        .await
        .expect_err("no rights");
    assert_eq!(
        refused.message,
        "deployments.apps is forbidden: User \"stranger\" cannot list resource \"deployments\" in API group \"apps\" at the cluster scope"
    );
}

async fn each_verb_is_refused_by_its_name(at: At) {
    let stranger = at.acting_as("stranger");
    let one = "secrets/a";
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
    let named = |verb: &str| {
        let cannot = cannot(&at, verb, "secrets", "");
        format!("secrets \"a\" is forbidden: {cannot}")
    };
    let whole = |verb: &str| {
        let cannot = cannot(&at, verb, "secrets", "");
        format!("secrets is forbidden: {cannot}")
    };
    let answers = [
        (stranger.try_get(one).await, named("get")),
        (stranger.try_put(one, &body).await, named("update")),
        (
            stranger.try_patch("merge", one, json!({})).await,
            named("patch"),
        ),
        (
            stranger.try_apply("x", one, body.clone()).await,
            named("patch"),
        ),
        (stranger.try_delete(one, Value::Null).await, named("delete")),
        (stranger.try_create("secrets", body).await, whole("create")),
        (stranger.try_get("secrets?watch=true").await, whole("watch")),
        (
            stranger.try_delete("secrets", Value::Null).await,
            whole("deletecollection"),
        ),
    ];
    for (answer, message) in answers {
        assert_eq!(answer.expect_err("no rights").message, message);
    }
}

async fn a_role_gives_its_verbs_and_no_more(at: At) {
    role(
        &at,
        json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]),
    )
    .await;
    let stranger = at.acting_as("stranger");
    stranger.try_get("configmaps").await.expect("it may list");
    stranger.try_get("secrets").await.expect_err("not these");
    let refused = stranger
        .try_delete("configmaps/kube-root-ca.crt", Value::Null)
        .await
        .expect_err("not that");
    assert_eq!(
        refused.message,
        format!(
            "configmaps \"kube-root-ca.crt\" is forbidden: {}",
            cannot(&at, "delete", "configmaps", "")
        )
    );
    let elsewhere = At {
        namespace: "default".to_owned(),
        ..stranger
    };
    elsewhere
        .try_get("configmaps")
        .await
        .expect_err("not there");
}

async fn a_role_of_the_cluster_can_be_bound_in_one_namespace(at: At) {
    let name = format!("reads-{}", at.namespace);
    let body = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}],
    });
    at.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", body)
        .await;
    bind(
        &at,
        "ClusterRole",
        &name,
        json!({"kind": "User", "name": "stranger"}),
    )
    .await;
    let stranger = at.acting_as("stranger");
    stranger.try_get("deployments").await.expect("it may list");
    stranger
        .try_get("/apis/apps/v1/deployments")
        .await
        .expect_err("not everywhere");
}

async fn a_right_can_be_for_one_name(at: At) {
    role(
        &at,
        json!([{
            "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"],
            "resourceNames": ["kube-root-ca.crt"],
        }]),
    )
    .await;
    at.until("configmaps/kube-root-ca.crt", |_| true).await;
    let stranger = at.acting_as("stranger");
    stranger
        .try_get("configmaps/kube-root-ca.crt")
        .await
        .expect("this one");
    let refused = stranger
        .try_get("configmaps/other")
        .await
        .expect_err("no other");
    assert_eq!(refused.code, 403, "whether it exists is not said");
    stranger.try_get("configmaps").await.expect_err("nor all");
}

async fn a_right_to_a_kind_is_none_to_its_parts(at: At) {
    role(
        &at,
        json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}]),
    )
    .await;
    let stranger = at.acting_as("stranger");
    let refused = stranger
        .try_get("deployments/web")
        .await
        .expect_err("missing");
    assert_eq!(refused.code, 404);
    let refused = stranger
        .try_put("deployments/web/scale", &json!({}))
        .await
        .expect_err("a part has its own right");
    assert_eq!(
        refused.message,
        format!(
            "deployments.apps \"web\" is forbidden: {}",
            cannot(&at, "update", "deployments/scale", "apps")
        )
    );
}

async fn a_group_and_an_account_have_rights_too(at: At) {
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]);
    let body = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "some"}, "rules": rules,
    });
    at.create(ROLES, body).await;
    let subject = json!({"kind": "ServiceAccount", "name": "robot", "namespace": at.namespace});
    bind(&at, "Role", "some", subject).await;
    let account = format!("system:serviceaccount:{}:robot", at.namespace);
    at.acting_as(&account)
        .try_get("configmaps")
        .await
        .expect("it is bound");
    let other = format!("system:serviceaccount:{}:other", at.namespace);
    at.acting_as(&other)
        .try_get("configmaps")
        .await
        .expect_err("it is not");
    let all = json!({"subjects": [{
        "apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
        "name": format!("system:serviceaccounts:{}", at.namespace),
    }]});
    at.patch("merge", &format!("{BINDINGS}/some"), all).await;
    at.rest().await;
    at.acting_as(&other)
        .try_get("configmaps")
        .await
        .expect("its group is bound now");
}

async fn a_review_tells_ones_own_rights(at: At) {
    role(
        &at,
        json!([{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]}]),
    )
    .await;
    let stranger = at.acting_as("stranger");
    for (verb, subresource, allowed) in [
        ("patch", "scale", true),
        ("patch", "", false),
        ("get", "scale", false),
    ] {
        let question = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "namespace": at.namespace, "verb": verb, "group": "apps",
                "resource": "deployments", "subresource": subresource,
            }},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = stranger.create(path, question.clone()).await;
        assert_eq!(answer["status"]["allowed"], allowed, "{verb} {subresource}");
        if allowed {
            assert_eq!(
                answer["status"]["reason"],
                format!(
                    "RBAC: allowed by RoleBinding \"some/{}\" of Role \"some\" to User \"stranger\"",
                    at.namespace
                )
            );
        }
        let answer = at.create(path, question).await;
        assert_eq!(answer["status"]["allowed"], true, "the administrator may");
    }
}
