//! The control planes that other crates' tests compare with really are what they claim to be.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use plimsoll_testkit::{ControlPlane, Minor};

const DEPLOYMENT: &str = r#"{
  "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
  "spec": {
    "replicas": 4,
    "selector": {"matchLabels": {"app": "web"}},
    "template": {
      "metadata": {"labels": {"app": "web"}},
      "spec": {"containers": [{"name": "web", "image": "registry.example.org/web:1"}]}
    }
  }
}"#;

const CLAIM: &str = r#"{
  "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
  "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
}"#;

/// What every control plane must do for the tests that use it.
fn serves(minor: Minor, version: &str) {
    let Some(cluster) = ControlPlane::shared(minor) else {
        return;
    };
    let answered = cluster.run(&["version", "--output", "json"]).unwrap();
    let answered: serde_json::Value = serde_json::from_str(&answered).unwrap();
    assert_eq!(answered["serverVersion"]["gitVersion"], version);

    let folder = tempfile::tempdir().unwrap();
    for (name, object) in [("deployment", DEPLOYMENT), ("claim", CLAIM)] {
        let file = folder.path().join(name);
        std::fs::write(&file, object).unwrap();
        let file = file.to_string_lossy();
        cluster
            .run(&["apply", "--server-side", "--filename", &*file])
            .unwrap();
    }
    cluster
        .run(&["rollout", "status", "deployment/web", "--timeout=60s"])
        .unwrap();
    let bound = "--for=jsonpath={.status.phase}=Bound";
    cluster
        .run(&["wait", bound, "persistentvolumeclaim/data", "--timeout=60s"])
        .unwrap();
}

#[test]
fn the_newest_version_rolls_out_pods_and_binds_claims() {
    serves(Minor::V1_37, "v1.37.1");
}

#[test]
fn the_old_version_rolls_out_pods_and_binds_claims() {
    serves(Minor::V1_30, "v1.30.14");
}

#[test]
fn both_versions_accept_every_fetched_definition() {
    for minor in [Minor::V1_37, Minor::V1_30] {
        let Some(cluster) = ControlPlane::shared(minor) else {
            return;
        };
        let Some(cluster) = cluster.with_crds() else {
            return;
        };
        let served = cluster.run(&["get", "crd", "--output", "name"]).unwrap();
        assert!(served.contains("/rollouts.argoproj.io\n"), "{served}");
        assert!(
            served.contains("/externalsecrets.external-secrets.io\n"),
            "{served}"
        );
    }
}

#[test]
fn a_control_plane_leaves_nothing_behind() {
    let Some(cluster) = ControlPlane::start(Minor::V1_37) else {
        return;
    };
    let kubeconfig = cluster.kubeconfig();
    assert!(kubeconfig.is_file());
    drop(cluster);
    let folder = kubeconfig.parent().unwrap();
    assert!(!folder.exists(), "{} is still there", folder.display());
}
