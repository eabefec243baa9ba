//! What would be done is said before it is done, and exactly that is done.

use plimsoll_ship::{Action, Approved, ShipError, plan, up};
use serde_json::json;

use crate::harness::{
    client, cluster, counting, everything, make_as, options, planned, ship, virtually,
};
use crate::shop::{KINDS, api, object, reconfigured, shop};

#[test]
fn a_plan_of_a_first_release_makes_everything_and_writes_nothing() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let before = everything(&cluster, KINDS);
        let plan = plan(&client, &shop(), &options("test"))
            .await
            .expect("a plan");
        assert_eq!(plan.counts(), [(Action::Create, 10)]);
        assert_eq!(everything(&cluster, KINDS), before);
        let text = serde_json::to_string(&plan).expect("JSON");
        assert!(
            text.contains("data.password") && text.contains("(hidden)"),
            "{text}"
        );
    });
}

/// Holds V9.
#[test]
fn a_plan_of_a_change_names_fields_with_both_values() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        assert_eq!(planned(&client, &shop()).await, Vec::<String>::new());
        let mut release = reconfigured();
        release.objects[0] = api("ghcr.example/api:2", "api-config-2");
        assert_eq!(
            planned(&client, &release).await,
            [
                "create ConfigMap/api-config-2",
                "change Deployment/api spec.template.spec.containers[api].envFrom: \
                 [{\"configMapRef\":{\"name\":\"api-config-1\"}},{\"secretRef\":{\"name\":\"api-secrets\"}}] → \
                 [{\"configMapRef\":{\"name\":\"api-config-2\"}},{\"secretRef\":{\"name\":\"api-secrets\"}}] \
                 spec.template.spec.containers[api].image: \"ghcr.example/api:1\" → \"ghcr.example/api:2\"",
            ]
        );
        let mut smaller = shop();
        smaller
            .objects
            .retain(|object| object.key.to_string() != "Service/api");
        smaller
            .objects
            .push(object("v1", "ConfigMap", "extra", &json!({ "data": {} })));
        ship(&client, &smaller).await;
        let plan = planned(&client, &shop()).await;
        assert_eq!(plan, ["create Service/api", "prune ConfigMap/extra"]);
    });
}

/// Holds V9.
#[test]
fn a_plan_says_who_else_set_a_field() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        cluster.with(|state| {
            let live = state
                .get("ConfigMap", "shop", "api-config-1")
                .expect("there");
            let mut edited = (*live).clone();
            edited["data"]["MODE"] = json!("wild");
            state.update("kubectl-edit", edited).expect("updated");
        });
        let mut options = options("test");
        options.adopt = true;
        let plan = plan(&client, &shop(), &options).await.expect("a plan");
        let field = &plan.changes[0].fields[0];
        assert_eq!(field.path, "data.MODE");
        assert!(field.owners[0].starts_with("kubectl-edit, 20"), "{field:?}");
        let outcome = up(&client, &shop(), &options, &mut |_: &_| {})
            .await
            .expect("shipped");
        assert!(outcome.ready);
        let live = cluster.with(|state| state.get("ConfigMap", "shop", "api-config-1"));
        assert_eq!(live.expect("there")["data"]["MODE"], "calm");
    });
}

#[test]
fn an_approved_plan_is_carried_out_or_nothing_is() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let mut options = options("test");
        let approved = plan(&client, &reconfigured(), &options)
            .await
            .expect("a plan");
        options.approved = Some(Approved {
            plan: approved.clone(),
            is_fresh: false,
        });
        let other = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "api-config-2", "namespace": "shop" },
        });
        make_as(&client, "kubectl", other).await;
        let (counted, counter) = counting(&cluster, None);
        let moved = up(&counted, &reconfigured(), &options, &mut |_: &_| {}).await;
        assert!(counter.count() > 0);
        let Err(ShipError::Moved(moved)) = moved else {
            panic!("{moved:?}");
        };
        assert_eq!(
            moved,
            ["ConfigMap/api-config-2 was planned to create, and now would adopt"]
        );
        cluster.with(|state| {
            let all = plimsoll_cluster::state::DeleteOptions::default();
            state
                .delete("ConfigMap", "shop", "api-config-2", &all)
                .expect("deleted");
        });
        let outcome = up(&client, &reconfigured(), &options, &mut |_: &_| {}).await;
        assert!(outcome.expect("shipped").ready);
        options.approved = Some(Approved {
            plan: approved,
            is_fresh: false,
        });
        let other = up(&client, &shop(), &options, &mut |_: &_| {}).await;
        assert!(matches!(other, Err(ShipError::Moved(_))), "{other:?}");
    });
}

#[test]
fn what_a_plan_made_just_now_would_make_is_not_asked_about_again() {
    let requests = |is_fresh| {
        virtually(async move {
            let cluster = cluster("");
            let client = client(&cluster);
            ship(&client, &shop()).await;
            let mut options = options("test");
            let plan = plan(&client, &reconfigured(), &options).await;
            let plan = plan.expect("a plan");
            options.approved = Some(Approved { plan, is_fresh });
            let (counted, counter) = counting(&cluster, None);
            let outcome = up(&counted, &reconfigured(), &options, &mut |_: &_| {}).await;
            assert!(outcome.expect("shipped").ready);
            counter.count()
        })
    };
    let made = ["ConfigMap/api-config-2"];
    assert_eq!(requests(false) - requests(true), made.len());
}

#[test]
fn what_a_server_refuses_is_known_before_the_first_write() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let mut release = reconfigured();
        let spec = &mut release.objects[0].body["spec"];
        spec["selector"]["matchLabels"]["app.kubernetes.io/name"] = json!("other");
        spec["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = json!("other");
        let before = everything(&cluster, KINDS);
        let found = crate::harness::obstacles(&client, &release).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("spec.selector") && found[0].contains("immutable"),
            "{found:?}"
        );
        assert!(
            found[0].ends_with("give the thing another name)"),
            "{found:?}"
        );
        assert_eq!(everything(&cluster, KINDS), before);
    });
}

/// Holds V9.
#[test]
fn drift_names_field_and_manager_and_the_value_that_was_shipped() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let target = shop().target();
        let ask = async || {
            let found = plimsoll_ship::drift(&client, &target, &options("test")).await;
            found.expect("asked")
        };
        assert_eq!(ask().await, None);
        ship(&client, &shop()).await;
        assert_eq!(ask().await.expect("shipped").changes, []);
        cluster.with(|state| {
            let live = state.get("apps/Deployment", "shop", "api").expect("there");
            let mut edited = (*live).clone();
            edited["spec"]["template"]["spec"]["containers"][0]["image"] = json!("mine:1");
            state.update("kubectl-edit", edited).expect("updated");
            let all = plimsoll_cluster::state::DeleteOptions::default();
            state
                .delete("Service", "shop", "api", &all)
                .expect("deleted");
        });
        let drift = ask().await.expect("shipped");
        let told: Vec<String> = drift
            .changes
            .iter()
            .map(|change| format!("{} {}", change.action, change.object))
            .collect();
        assert_eq!(told, ["create Service/api", "change Deployment/api"]);
        let field = &drift.changes[1].fields[0];
        assert_eq!(field.path, "spec.template.spec.containers[api].image");
        assert_eq!(field.before, Some(json!("mine:1")));
        assert!(field.owners[0].starts_with("kubectl-edit"), "{field:?}");
    });
}
