//! Mistakes of the command line, and how the program behaves where nobody watches.

use crate::harness::{Bench, MIGRATED, SHORTEST};

#[test]
fn an_unknown_environment_is_refused_with_the_near_name() {
    let ran = Bench::with(MIGRATED).run(&["up", "-e", "prodction"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("there is no environment `prodction`"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("did you mean `production`?"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("production, staging"), "{}", ran.stderr);
}

#[test]
fn a_missing_file_is_refused() {
    let bench = Bench::empty();
    for args in [["check", "nowhere.yaml"], ["up", "nowhere.yaml"]] {
        let ran = bench.run(&args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(
            ran.stderr.contains("there is no file `nowhere.yaml`"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn without_a_path_the_file_is_looked_for_upwards() {
    let none = Bench::empty().run(&["check"]);
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("there is no plimsoll.yaml here"),
        "{}",
        none.stderr
    );
    let bench = Bench::empty();
    bench.write("shop/plimsoll.yaml", SHORTEST);
    assert_eq!(bench.run(&["check", "shop"]).code, 0);
    assert_eq!(bench.run(&["check", "shop/plimsoll.yaml"]).code, 0);
}

#[test]
fn files_are_looked_for_beside_the_application_file() {
    let bench = Bench::empty();
    let more = "include: parts/*.yaml\nkubernetes: { manifests: [extra/*.yaml] }\n";
    bench.write("shop/plimsoll.yaml", &format!("{SHORTEST}{more}"));
    let part = "services: { more: { ports: 80, health: none, config: { /etc/x.conf: { file: x.conf } } } }\n";
    bench.write("shop/parts/one.yaml", part);
    bench.write("shop/x.conf", "here\n");
    let extra = "{ apiVersion: v1, kind: ConfigMap, metadata: { name: extra } }\n";
    bench.write("shop/extra/one.yaml", extra);
    let whole = bench.folder().join("shop").to_string_lossy().into_owned();
    for path in ["shop", "./shop/plimsoll.yaml", &whole] {
        let ran = bench.run(&["render", path]);
        assert_eq!(ran.code, 0, "{path}: {}", ran.stderr);
        for made in ["here", "name: extra"] {
            assert!(ran.stdout.contains(made), "{path}: {made}: {}", ran.stdout);
        }
    }
}

#[test]
fn a_set_without_a_value_is_refused() {
    let ran = Bench::with(SHORTEST).run(&["up", "--set", "images.tag"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("KEY=VALUE"), "{}", ran.stderr);
}

#[test]
fn a_set_of_an_unknown_key_is_a_finding() {
    let ran = Bench::with(SHORTEST).run(&["check", "--set", "foo.bar=1"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("an app has no key `foo`"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_real_cluster_is_never_taken_without_its_environment() {
    let ran = Bench::with(MIGRATED).run(&["up", "--context", "prod"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("`-e ENV` is required"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_real_cluster_is_never_changed_without_an_answer() {
    for command in ["up", "down"] {
        let ran = Bench::with(SHORTEST).run(&[command, "--context", "prod"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{command}");
        assert!(
            ran.stderr.contains("nobody is here to answer"),
            "{command}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_fault_never_reaches_a_real_cluster() {
    let args = ["up", "--context", "prod", "--yes", "--fault", "image=web"];
    let ran = Bench::with(SHORTEST).run(&args);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("on the embedded cluster only"),
        "{}",
        ran.stderr
    );
}

#[test]
fn who_owns_an_environment_is_who_ships_it() {
    let file = format!("{SHORTEST}deliver: {{ by: argocd }}\n");
    let bench = Bench::with(&file);
    let ran = bench.run(&["up", "--context", "prod", "--yes"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("Argo CD owns `default`"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        bench.run(&["up"]).code,
        0,
        "the embedded cluster takes every environment"
    );
}

#[test]
fn into_a_pipe_nothing_is_coloured() {
    let bench = Bench::with(&SHORTEST.replace("health:", "helth:"));
    let ran = bench.run(&["check"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    let asked = bench.run(&["check", "--color", "always"]);
    assert!(asked.stdout.contains('\u{1b}'), "{}", asked.stdout);
    let up = Bench::with(SHORTEST).run(&["up"]);
    assert!(!up.stdout.contains('\u{1b}') && !up.stderr.contains('\u{1b}'));
}
