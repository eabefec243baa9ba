//! Redis and Valkey.

use super::{assert_valid, container, made, variable};

/// Holds V2.
#[test]
fn a_cache_keeps_its_data_and_its_password_out_of_arguments() {
    let made = made("stores: { cache: { engine: valkey, storage: 5Gi, size: { memory: 1Gi } } }");
    let set = made.object("StatefulSet/cache");
    let own = container(&set, "cache");
    let reference = &variable(own, "REDISCLI_AUTH")["valueFrom"]["secretKeyRef"];
    assert_eq!(reference["key"], "CACHE_PASSWORD");
    let conf = made.file("cache", "server.conf");
    assert!(conf.contains("maxmemory 768mb"));
    assert!(conf.contains("appendonly yes"));
    assert!(
        made.file("cache", "start.sh")
            .contains("exec valkey-server")
    );
}

#[test]
fn a_cache_without_storage_keeps_nothing() {
    let made = made("stores: { cache: { engine: redis, storage: none } }");
    let set = made.object("StatefulSet/cache");
    assert!(set["spec"].get("volumeClaimTemplates").is_none());
    assert!(made.file("cache", "server.conf").contains("save \"\""));
}

#[test]
fn several_instances_follow_the_first() {
    let text = "stores: { cache: { engine: redis, instances: 3 } }";
    assert_valid(text);
    let made = made(text);
    let set = made.object("StatefulSet/cache");
    let own = container(&set, "cache");
    assert_eq!(variable(own, "FIRST")["value"], "cache-0");
    assert_eq!(variable(own, "PODS")["value"], "cache-pods");
    assert!(made.has("Service/cache-ro"));
}

/// Holds S5.
#[test]
fn a_cluster_forms_itself_and_its_members_reach_each_other_on_the_bus() {
    let text = "stores: { redis: { engine: redis, mode: cluster, shards: 3, instances: 6 } }";
    assert_valid(text);
    let made = made(text);
    assert!(
        made.file("redis", "server.conf")
            .contains("cluster-enabled yes")
    );
    let job = made
        .world
        .objects
        .iter()
        .find(|object| object.key.kind == "Job")
        .expect("a Job");
    assert!(job.key.name.starts_with("redis-form-"));
    let body = job.body.to_json();
    let form = container(&body, "form");
    assert_eq!(variable(form, "INSTANCES")["value"], "6");
    assert_eq!(variable(form, "SHARDS")["value"], "3");
    let policy = made.object("NetworkPolicy/redis").to_string();
    assert!(policy.contains("16379") && policy.contains("redis-form"));
    let selector = made.object("Service/redis")["spec"]["selector"].clone();
    assert!(selector.get("statefulset.kubernetes.io/pod-name").is_none());
}

#[test]
fn sentinels_choose_who_writes_and_a_proxy_leads_there() {
    let text = "stores: { cache: { engine: valkey, mode: sentinel, instances: 3 } }";
    assert_valid(text);
    let made = made(text);
    let set = made.object("StatefulSet/cache");
    let proxy = &set["spec"]["template"]["spec"]["containers"][1];
    assert_eq!(
        proxy["name"], "proxy",
        "a Service finds ports of plain containers at every target"
    );
    assert_eq!(proxy["ports"][0]["containerPort"], 6379);
    let own = container(&set, "cache");
    assert_eq!(own["ports"][0]["containerPort"], 6380);
    assert!(
        own["readinessProbe"]["exec"]["command"]
            .to_string()
            .contains("6380")
    );
    assert!(made.file("cache", "server.conf").contains("port 6380"));
    assert!(
        made.file("cache", "sentinel.sh")
            .contains("sentinel monitor $STORE $writer 6380")
    );
    assert!(made.file("cache", "haproxy.cfg").contains("bind :6379"));
    let policy = made.object("NetworkPolicy/cache")["spec"]["ingress"].to_string();
    assert!(
        policy.contains("26379") && policy.contains("6380"),
        "{policy}"
    );
    let selector = made.object("Service/cache")["spec"]["selector"].clone();
    assert!(selector.get("statefulset.kubernetes.io/pod-name").is_none());
}

#[test]
fn a_cache_never_says_that_it_serves_tls_where_it_does_not() {
    let text = "
services: { api: { ports: 80, uses: [cache] } }
stores: { cache: { engine: redis, tls: true } }
";
    let made = made(text);
    let key = ("shop".into(), "api-secrets".into());
    let secret = made
        .compiled
        .secrets
        .get(&key)
        .expect("the Secret of the service");
    assert!(secret.keys.contains_key("CACHE_PASSWORD"));
    let pod = made.object("Deployment/api")["spec"]["template"]["spec"].clone();
    let url = variable(&pod["containers"][0], "REDIS_URL")["value"].clone();
    assert!(
        url.as_str().is_some_and(|url| url.starts_with("redis://")),
        "{url}"
    );
    assert_eq!(made.findings(), ["store-without-certificates"]);
}
