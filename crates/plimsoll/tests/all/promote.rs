//! `set image` and `promote`: edits of the application file that leave all else as it is.

use crate::harness::Bench;
use std::fs;

const FILE: &str = "\
# The shop.
app: shop
images: { registry: ghcr.example/shop, tag: 1.4.2 }   # what CI built
services:
  web: { image: web, ports: 8080, health: /ready }
  api:
    image: api:7   # a pace of its own
    ports: 8080
    health: /ready
deliver:
  promote: [dev, staging, prod]
environments:
  # First of all.
  dev: { default: true }
  staging:
    namespace: shop-staging
    # Nothing else is said here.
  prod:
    namespace: shop-prod
    images: { tag: 1.4.0 }
";

fn text(bench: &Bench) -> String {
    fs::read_to_string(bench.folder().join("plimsoll.yaml")).expect("the file")
}

fn image(bench: &Bench, environment: &str, service: &str) -> String {
    let ran = bench.run(&["render", "-e", environment]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut images = ran
        .stdout
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "));
    let found = images.find(|image| image.contains(&format!("/{service}:")));
    found.expect("an image").to_owned()
}

/// Holds T6: what runs in one environment is written for the next, through Git.
#[test]
fn images_go_from_environment_to_environment() {
    let bench = Bench::with(FILE);
    let set = bench.run(&["set", "image", "1.5.0", "api=8", "-e", "dev"]);
    assert_eq!(set.code, 0, "{}", set.stderr);
    assert_eq!(image(&bench, "dev", "web"), "ghcr.example/shop/web:1.5.0");
    assert_eq!(image(&bench, "dev", "api"), "ghcr.example/shop/api:8");
    assert_eq!(
        image(&bench, "staging", "web"),
        "ghcr.example/shop/web:1.4.2"
    );
    let promoted = bench.run(&["promote", "staging"]);
    assert_eq!(promoted.code, 0, "{}", promoted.stderr);
    assert_eq!(
        image(&bench, "staging", "web"),
        "ghcr.example/shop/web:1.5.0"
    );
    assert_eq!(image(&bench, "staging", "api"), "ghcr.example/shop/api:8");
    assert_eq!(image(&bench, "prod", "web"), "ghcr.example/shop/web:1.4.0");
    assert_eq!(bench.run(&["promote", "prod"]).code, 0);
    assert_eq!(image(&bench, "prod", "web"), "ghcr.example/shop/web:1.5.0");
    let again = bench.run(&["promote", "prod"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    assert!(
        again.stderr.contains("nothing to change"),
        "{}",
        again.stderr
    );
}

/// Holds T6: every line and comment that was there is there, apart from what changed.
#[test]
fn comments_and_layout_stay() {
    let bench = Bench::with(FILE);
    assert_eq!(bench.run(&["set", "image", "1.5.0"]).code, 0);
    assert_eq!(text(&bench), FILE.replace("tag: 1.4.2", "tag: 1.5.0"));
    bench.write("plimsoll.yaml", FILE);
    assert_eq!(bench.run(&["set", "image", "api=8"]).code, 0);
    assert_eq!(
        text(&bench),
        FILE.replace("api:7   # a pace", "api:8   # a pace")
    );
    bench.write("plimsoll.yaml", FILE);
    assert_eq!(
        bench.run(&["set", "image", "1.5.0", "-e", "staging"]).code,
        0
    );
    let added = "    namespace: shop-staging\n    images: { tag: 1.5.0 }\n";
    assert_eq!(
        text(&bench),
        FILE.replace("    namespace: shop-staging\n", added)
    );
}

#[test]
fn a_diff_of_a_promotion_writes_nothing() {
    let bench = Bench::with(FILE);
    let ran = bench.run(&["promote", "prod", "--from", "dev", "--diff"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("-    images: { tag: 1.4.0 }"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("+    images: { tag: 1.4.2 }"),
        "{}",
        ran.stdout
    );
    assert_eq!(text(&bench), FILE);
}

#[test]
fn what_cannot_be_changed_is_refused_and_nothing_is_written() {
    let bench = Bench::with(FILE);
    for (args, said) in [
        (&["set", "image", "wbe=2"][..], "did you mean `web`?"),
        (
            &["set", "image", "2", "-e", "stagign"][..],
            "did you mean `staging`?",
        ),
        (&["promote", "dev"][..], "is the first of `deliver.promote`"),
        (&["set", "image", "a b"][..], "is no tag"),
    ] {
        let ran = bench.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
        assert_eq!(text(&bench), FILE);
    }
    let variable = FILE
        .replace("tag: 1.4.2", "tag: \"${version}\"")
        .replace("services:\n", "vars: { version: 1.4.2 }\nservices:\n");
    bench.write("plimsoll.yaml", &variable);
    let ran = bench.run(&["set", "image", "1.5.0"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("a variable stands there"),
        "{}",
        ran.stderr
    );
    assert_eq!(text(&bench), variable);
}

/// Holds T11: what the workflow tells `set image` is taken, and brings the commit to every image that it
/// builds.
#[test]
fn the_command_of_the_workflow_sets_what_it_has_built() {
    let bench = Bench::with(
        &FILE
            .replace("  web: {", "  web: { build: web,")
            .replace("    image: api:7", "    build: .\n    image: api:7")
            .replace("deliver:\n", "deliver:\n  ci: github-actions\n"),
    );
    let rendered = bench.run(&["render", "--to", "github", "-o", "."]);
    assert_eq!(rendered.code, 0, "{}", rendered.stderr);
    let workflow = bench.folder().join("github/workflows/deliver.yaml");
    let workflow = fs::read_to_string(workflow).expect("a workflow");
    let mut lines = workflow.lines().map(str::trim);
    let command = lines.find_map(|line| {
        line.strip_prefix("plimsoll ")
            .filter(|rest| rest.starts_with("set"))
    });
    let command = command.expect("a command").replace("\"$TAG\"", "0a1b2c");
    let set = bench.run(&command.split(' ').collect::<Vec<_>>());
    assert_eq!(set.code, 0, "{command}: {}", set.stderr);
    assert_eq!(image(&bench, "dev", "web"), "ghcr.example/shop/web:0a1b2c");
    assert_eq!(image(&bench, "dev", "api"), "ghcr.example/shop/api:0a1b2c");
}
