//! The workflow of GitHub Actions, judged by actionlint.

use std::process::Command;

use plimsoll_emit::github;
use serde_json::{Value, json};

use crate::project::{Project, document, write};

/// Holds T11, W10: actionlint accepts the workflow of every example that has one.
#[test]
fn actionlint_accepts_every_workflow() {
    let Some(program) = plimsoll_testkit::tool("actionlint") else {
        return;
    };
    for example in ["tartware", "starter"] {
        let project = Project::example(example);
        let folder = tempfile::tempdir().expect("a folder");
        let files = github::files(&project.system()).files;
        write(&files, folder.path());
        for (path, _) in files.iter() {
            let output = Command::new(&program)
                .args(["-shellcheck=", "-pyflakes=", "-no-color"])
                .arg(folder.path().join(path))
                .output()
                .expect("actionlint starts");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{example}: {said}");
        }
    }
}

/// Holds T11, V12: every image is built, scanned, pushed and signed; then the tag is changed in
/// Git, and nobody holds a key of a cluster.
#[test]
fn images_of_tartware_are_built_and_brought_to_the_first_environment() {
    let project = Project::example("tartware");
    let files = github::files(&project.system()).files;
    let workflow = document(&files, "github/workflows/deliver.yaml");
    let jobs = &workflow["jobs"];
    let rows = jobs["build"]["strategy"]["matrix"]["include"]
        .as_array()
        .expect("rows");
    let images: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["image"].as_str())
        .collect();
    let expected = [
        "api-gateway",
        "core-service",
        "logs-service",
        "reservations-command-service",
        "settings-service",
    ];
    assert_eq!(
        images,
        expected.map(|name| format!("ghcr.io/tartware/{name}"))
    );
    assert_eq!(rows[0]["file"], "apps/api-gateway/Dockerfile");
    let steps = jobs["build"]["steps"].as_array().expect("steps");
    let place = |wanted: &str| {
        let is_it = |step: &Value| step["name"] == wanted;
        steps
            .iter()
            .position(is_it)
            .unwrap_or_else(|| panic!("there is {wanted}"))
    };
    let order = ["Build", "Scan", "Push", "Sign"].map(place);
    assert!(order.is_sorted(), "{order:?}");
    let pushed = &steps[place("Push")]["with"]["push"];
    assert_eq!(pushed, "${{ github.event_name != 'pull_request' }}");
    let run = jobs["promote"]["steps"][2]["run"]
        .as_str()
        .expect("commands");
    let lines: Vec<&str> = run.lines().collect();
    let commands = [
        "plimsoll set image \"$TAG\" -e dev",
        "plimsoll check",
        "plimsoll render --to all -o .",
    ];
    assert_eq!(lines, commands);
    let text = workflow.to_string().to_lowercase();
    for key in ["kubeconfig", "kube_config", "kubectl", "aws_access"] {
        assert!(!text.contains(key), "{key}");
    }
    assert_eq!(workflow["permissions"], json!({ "contents": "read" }));
}

/// Holds W10: the workflow has the name that the document gives it.
#[test]
fn the_workflow_of_starter_is_called_build_images() {
    let project = Project::example("starter");
    let files = github::files(&project.system()).files;
    let workflow = document(&files, "github/workflows/build-images.yaml");
    assert_eq!(workflow["name"], "build-images");
    let rows = workflow["jobs"]["build"]["strategy"]["matrix"]["include"]
        .as_array()
        .expect("rows");
    let images: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["image"].as_str())
        .collect();
    assert_eq!(
        images,
        [
            "registry.starter.dev/app-api",
            "registry.starter.dev/app-web"
        ]
    );
    assert_eq!(rows[0]["target"], "api");
}
