//! What is rendered is accepted by real API servers.

use crate::examples::{EXAMPLES, path};
use crate::harness::Bench;
use plimsoll_testkit::{ControlPlane, Minor};

/// Holds V8, S6: `kubectl apply -f` works on the output, strictly.
#[test]
fn every_manifest_passes_a_strict_dry_run_on_a_new_server() {
    judge(Minor::V1_37, "1.37");
}

/// Holds S8: an older server accepts what is written for it.
#[test]
fn every_manifest_passes_a_strict_dry_run_on_an_old_server() {
    judge(Minor::V1_30, "1.30");
}

fn judge(minor: Minor, version: &str) {
    let Some(plane) = ControlPlane::shared(minor).and_then(ControlPlane::with_crds) else {
        return;
    };
    // Namespaces of the platform, which are there before us: objects of ours stand in them.
    for namespace in ["monitoring", "velero"] {
        plane
            .run(&["create", "namespace", namespace])
            .expect("a namespace");
    }
    let mut refused = Vec::new();
    for (example, environments) in EXAMPLES {
        for environment in environments {
            let bench = Bench::empty();
            let render = [
                "render",
                &path(example),
                "-e",
                environment,
                "-o",
                "out",
                "--kubernetes",
                version,
                "--set",
                "deliver.folder=.",
            ];
            let ran = bench.run(&render);
            assert_eq!(ran.code, 0, "{example} {environment}: {}", ran.stderr);
            let folder = bench.folder().join(format!("out/manifests/{environment}"));
            // Namespaces are made: in a dry run nothing can be put into one that is not there.
            for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("00-") {
                    let file = entry.path().to_string_lossy().into_owned();
                    plane
                        .run(&["apply", "--server-side", "-f", &file])
                        .expect("a namespace");
                }
            }
            let all = folder.to_string_lossy().into_owned();
            let dry = [
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "-f",
                &all,
            ];
            if let Err(error) = plane.run(&dry) {
                refused.push(format!("{example} {environment}: {error:#}"));
            }
        }
    }
    assert!(
        refused.is_empty(),
        "refused by {version}:\n{}",
        refused.join("\n")
    );
}
