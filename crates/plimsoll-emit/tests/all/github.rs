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
    let examples = ["tartware", "starter"];
    let mut projects: Vec<_> = examples.map(|name| (name, Project::example(name))).into();
    projects.push(("own tags", Project::of(OWN_TAGS)));
    for (example, project) in projects {
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

/// Images with a tag of their own, and an environment that follows a branch of its own.
const OWN_TAGS: &str = "\
app: shop
images: { tag: 1.0.0 }
services:
  api: { image: \"ghcr.example/shop/api:1\", build: ., ports: 8080, health: /h }
  copy: { image: \"ghcr.example/shop/api:1\", ports: 8080, health: /h }
  web: { image: ghcr.example/shop/web, build: web, ports: 8080, health: /h }
  other: { image: \"ghcr.example/others/x:1\", ports: 8080, health: /h }
deliver: { ci: github-actions, promote: [dev, prod] }
environments:
  dev: { namespace: dev, deliver: { branch: develop } }
  prod: { default: true }
";

/// Holds T11: every image that is built is set, also where it has a tag of its own, on the branch that
/// the environment follows.
#[test]
fn images_with_tags_of_their_own_are_set_by_name() {
    let project = Project::of(OWN_TAGS);
    let files = github::files(&project.system()).files;
    let workflow = document(&files, "github/workflows/deliver.yaml");
    let steps = &workflow["jobs"]["promote"]["steps"];
    let run = steps[2]["run"].as_str().expect("commands");
    let set = "plimsoll set image \"$TAG\" api=\"$TAG\" copy=\"$TAG\" -e dev";
    assert_eq!(run.lines().next(), Some(set));
    assert_eq!(steps[0]["with"]["ref"], "develop");
    assert_eq!(steps[3]["with"]["base"], "develop");
}

/// Holds T11: the change that the workflow opens does not make it build, and open, the next one.
#[test]
fn a_merged_change_of_the_workflow_builds_nothing() {
    let project = Project::of(OWN_TAGS);
    let files = github::files(&project.system()).files;
    let jobs = &document(&files, "github/workflows/deliver.yaml")["jobs"];
    let request = &jobs["promote"]["steps"][3]["with"];
    let condition = jobs["build"]["if"].as_str().expect("a condition");
    let quoted: Vec<&str> = condition.split('\'').collect();
    assert_eq!(
        quoted[0],
        "${{ !contains(github.event.head_commit.message, "
    );
    // A merge says the title, a squash too, a rebase the message.
    for key in ["title", "commit-message"] {
        let text = request[key].as_str().expect("text");
        assert!(text.contains(quoted[1]), "{text} and {condition}");
    }
    // What is skipped is not delivered.
    assert_eq!(jobs["promote"]["needs"], "build");
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
