//! Copies of data, and the drill.

use super::{assert_valid, made, variable};

const TEXT: &str = "
stores:
  db:
    engine: postgres
    namespace: data
    backup: { to: cloud, full: daily 02:00, offsite: { when: weekly sun 03:00, to: far }, archive: { when: monthly 1 04:00, keep: 1y }, drill: weekly sat 05:00 }
externals:
  cloud: { bucket: \"s3://copies\", region: eu-west-1, secret: KEYS }
  far: { bucket: \"s3://far\", endpoint: \"https://s3.example.net\", cidr: [10.9.0.0/16], secret: KEYS }
secrets: { KEYS: { keys: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] } }
";

fn pod(object: &serde_json::Value) -> &serde_json::Value {
    &object["spec"]["jobTemplate"]["spec"]["template"]["spec"]
}

/// Holds V7.
#[test]
fn each_copy_has_its_own_schedule_and_is_dumped_then_sent() {
    assert_valid(TEXT);
    let made = made(TEXT);
    let full = made.object("CronJob/db-backup-full");
    assert_eq!(full["spec"]["schedule"], "0 2 * * *");
    assert_eq!(pod(&full)["initContainers"][0]["name"], "save");
    let send = &pod(&full)["containers"][0];
    assert_eq!(
        variable(send, "FOLDER")["value"],
        "to:copies/shop/default/db/full"
    );
    assert_eq!(variable(send, "KEEP")["value"], "2592000s");
    let offsite = made.object("CronJob/db-backup-offsite");
    let send = &pod(&offsite)["containers"][0];
    assert_eq!(
        variable(send, "FOLDER")["value"],
        "to:far/shop/default/db/offsite"
    );
    assert_eq!(
        variable(send, "RCLONE_CONFIG_TO_ENDPOINT")["value"],
        "https://s3.example.net"
    );
    let archive = made.object("CronJob/db-backup-archive");
    assert_eq!(archive["spec"]["schedule"], "0 4 1 * *");
}

/// Holds V7.
#[test]
fn the_drill_fetches_the_last_copy_and_loads_it_into_a_scratch_instance() {
    let made = made(TEXT);
    let drill = made.object("CronJob/db-drill");
    assert_eq!(drill["spec"]["schedule"], "0 5 * * 6");
    assert_eq!(pod(&drill)["initContainers"][0]["name"], "fetch");
    let restore = &pod(&drill)["containers"][0];
    assert!(restore["args"].to_string().contains("psql"));
    let policy = made.object("NetworkPolicy/db-drill");
    assert_eq!(policy["spec"]["egress"].as_array().map(Vec::len), Some(1));
}

#[test]
fn credentials_of_the_bucket_stand_beside_the_store() {
    let made = made(TEXT);
    let key = ("data".into(), "db-backup-cloud".into());
    let secret = made
        .compiled
        .secrets
        .get(&key)
        .expect("a Secret beside the store");
    let keys: Vec<&str> = secret
        .keys
        .keys()
        .map(plimsoll_source::Str::as_str)
        .collect();
    assert_eq!(keys, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    let full = made.object("CronJob/db-backup-full");
    let access = variable(&pod(&full)["containers"][0], "AWS_ACCESS_KEY_ID");
    assert_eq!(
        access["valueFrom"]["secretKeyRef"]["name"],
        "db-backup-cloud"
    );
}

#[test]
fn backup_pods_reach_the_store_and_the_buckets_and_the_store_lets_them_in() {
    let made = made(TEXT);
    let egress = made.object("NetworkPolicy/db-backup")["spec"]["egress"].clone();
    assert_eq!(
        egress[0]["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        "db"
    );
    assert!(egress.to_string().contains("10.9.0.0/16"));
    let ingress = made.object("NetworkPolicy/db")["spec"]["ingress"].clone();
    assert!(ingress.to_string().contains("db-backup"));
}

#[test]
fn points_in_time_are_said_to_have_no_effect_yet() {
    let text = TEXT.replace(
        "full: daily 02:00",
        "full: daily 02:00, incremental: hourly, recover: 7d",
    );
    let findings = made(&text).findings();
    assert_eq!(
        findings.iter().filter(|name| **name == "not-yet").count(),
        2
    );
}
