//! Copies of claims, field by field.

use serde_json::Value;

use crate::stores::tests::{assert_valid, made, variable};

const TEXT: &str = "
services:
  web:
    image: { name: shop/web, tag: v1 }
    security: { user: 4242 }
    volumes: { /data: { claim: uploads } }
claims:
  uploads:
    size: 40Gi
    backup: { to: cloud, full: daily 02:30, offsite: { when: weekly sun 03:00, to: far, keep: 90d }, drill: weekly sat 05:00 }
externals:
  cloud: { bucket: s3://copies/all, region: eu-west-1, secret: KEYS }
  far: { bucket: s3://far, endpoint: https://s3.example.net, cidr: [10.9.0.0/16], secret: KEYS }
secrets: { KEYS: { keys: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] } }
";

fn pod(object: &Value) -> &Value {
    &object["spec"]["jobTemplate"]["spec"]["template"]["spec"]
}

/// Holds V7.
#[test]
fn a_copy_is_read_as_the_user_of_who_mounts_the_claim_on_its_node() {
    assert_valid(TEXT);
    let full = made(TEXT).object("CronJob/uploads-disk-backup-full");
    assert_eq!(full["spec"]["schedule"], "30 2 * * *");
    let pod = pod(&full);
    assert_eq!(pod["securityContext"]["runAsUser"], 4242);
    assert_eq!(pod["serviceAccountName"], "web");
    assert_eq!(pod["automountServiceAccountToken"], false);
    let near = &pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0];
    assert_eq!(near["topologyKey"], "kubernetes.io/hostname");
    assert_eq!(
        near["labelSelector"]["matchLabels"]["app.kubernetes.io/name"],
        "web"
    );
    let data = &pod["volumes"][0];
    assert_eq!(data["persistentVolumeClaim"]["claimName"], "uploads");
    assert_eq!(data["persistentVolumeClaim"]["readOnly"], true);
    let send = &pod["containers"][0];
    assert_eq!(
        variable(send, "FOLDER")["value"],
        "to:copies/all/shop/default/uploads-disk/full"
    );
    assert_eq!(variable(send, "KEEP")["value"], "2592000s");
    assert_eq!(send["securityContext"]["readOnlyRootFilesystem"], true);
}

/// Holds V7.
#[test]
fn another_copy_goes_elsewhere_and_is_kept_as_long_as_it_says() {
    let offsite = made(TEXT).object("CronJob/uploads-disk-backup-offsite");
    let send = &pod(&offsite)["containers"][0];
    assert_eq!(variable(send, "KEEP")["value"], "7776000s");
    assert_eq!(
        variable(send, "RCLONE_CONFIG_TO_ENDPOINT")["value"],
        "https://s3.example.net"
    );
    let key = variable(send, "AWS_ACCESS_KEY_ID");
    assert_eq!(
        key["valueFrom"]["secretKeyRef"]["name"],
        "uploads-disk-backup-far"
    );
}

/// Holds V7.
#[test]
fn the_drill_unpacks_into_a_claim_of_its_own_on_any_node() {
    let drill = made(TEXT).object("CronJob/uploads-disk-drill");
    let pod = pod(&drill);
    assert_eq!(pod["affinity"], Value::Null);
    let scratch = &pod["volumes"][0]["ephemeral"]["volumeClaimTemplate"]["spec"];
    assert_eq!(scratch["resources"]["requests"]["storage"], "40Gi");
    assert_eq!(
        pod["containers"][0]["volumeMounts"][0]["mountPath"],
        "/restore"
    );
}

#[test]
fn a_shared_claim_is_read_on_any_node() {
    let full = made(&TEXT.replace("size: 40Gi", "shared: true"));
    let full = full.object("CronJob/uploads-disk-backup-full");
    assert_eq!(pod(&full)["affinity"], Value::Null);
}

#[test]
fn the_pods_reach_the_buckets_and_nothing_else() {
    let made = made(TEXT);
    let policy = made.object("NetworkPolicy/uploads-disk-backup");
    let egress = policy["spec"]["egress"].to_string();
    assert!(egress.contains("10.9.0.0/16"), "{egress}");
    assert_eq!(policy["spec"]["ingress"], Value::Null);
    assert_eq!(
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        "uploads-disk-backup"
    );
    assert!(made.has("NetworkPolicy/uploads-disk-drill"));
}

#[test]
fn a_claim_that_nobody_mounts_cannot_be_copied() {
    let findings = made(&TEXT.replace("volumes: { /data: { claim: uploads } }", "")).findings();
    assert!(findings.contains(&"backup-without-program"), "{findings:?}");
}

#[test]
fn a_store_and_a_claim_of_one_name_have_copies_of_their_own() {
    let text = TEXT.replace(
        "claims:",
        "stores: { uploads: { engine: postgres, backup: { to: cloud, full: daily 02:00 } } }\nclaims:",
    );
    let made = made(&text);
    let folder = |name: &str| {
        let object = made.object(name);
        variable(&pod(&object)["containers"][0], "FOLDER")["value"].clone()
    };
    assert_ne!(
        folder("CronJob/uploads-backup-full"),
        folder("CronJob/uploads-disk-backup-full")
    );
}

#[test]
fn a_claim_that_was_not_copied_in_time_is_told() {
    let text = format!("{TEXT}platform: {{ metrics: prometheus }}\n");
    let rules = made(&text)
        .object("PrometheusRule/uploads-disk")
        .to_string();
    assert!(rules.contains("uploads-disk-backup-full"), "{rules}");
}
