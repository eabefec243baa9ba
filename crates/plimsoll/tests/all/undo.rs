//! Before and after a release: what would change, what was shipped, what others changed, and how it
//! is undone.

use crate::harness::{Bench, MIGRATED, SHORTEST};

fn with_tag(file: &str, tag: &str) -> String {
    file.replace("1.4.2", tag)
}

/// Holds V9.
#[test]
fn a_plan_says_what_would_change_and_its_exit_code_says_whether() {
    let bench = Bench::with(SHORTEST);
    let first = bench.json(&["plan"], 4);
    let created = first["changes"].as_array().expect("a list");
    assert!(
        created.iter().all(|change| change["action"] == "create"),
        "{first}"
    );
    let never = bench.run(&["status"]);
    assert_eq!(never.code, 1, "a plan ships nothing");
    bench.json(&["up"], 0);
    let quiet = bench.run(&["plan"]);
    assert_eq!(quiet.code, 0, "{}{}", quiet.stdout, quiet.stderr);
    assert!(
        quiet.stdout.contains(&format!(
            "nothing to do; {} stay as they are",
            created.len()
        )),
        "{}",
        quiet.stdout
    );
    bench.write("plimsoll.yaml", &with_tag(SHORTEST, "1.5.0"));
    let ran = bench.run(&["plan"]);
    assert_eq!(ran.code, 4);
    let line = "      spec.template.spec.containers[web].image: \
                ghcr.example/shop/web:1.4.2 → ghcr.example/shop/web:1.5.0\n";
    assert!(
        ran.stdout
            .contains("  ~ change    Deployment/web in shop\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
}

#[test]
fn a_saved_plan_is_carried_out_exactly_or_not_at_all() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up"], 0);
    bench.write("plimsoll.yaml", &with_tag(SHORTEST, "1.5.0"));
    let planned = bench.run(&["plan", "--out", "release.plan"]);
    assert_eq!(planned.code, 4, "{}", planned.stderr);
    bench.write("plimsoll.yaml", &with_tag(SHORTEST, "1.6.0"));
    let other = bench.run(&["up", "--plan", "release.plan"]);
    assert_eq!(other.code, 3, "{}", other.stdout);
    assert!(
        other
            .stderr
            .contains("the release says something else than when the plan was made"),
        "{}",
        other.stderr
    );
    bench.write("plimsoll.yaml", &with_tag(SHORTEST, "1.5.0"));
    let ran = bench.run(&["up", "--plan", "release.plan"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let again = bench.run(&["up", "--plan", "release.plan"]);
    assert_eq!(again.code, 0, "nothing is left to do: {}", again.stderr);
}

/// Holds P9, W8.
#[test]
fn a_release_is_undone_and_history_tells_of_it() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up"], 0);
    bench.write("plimsoll.yaml", &with_tag(SHORTEST, "1.5.0"));
    bench.json(&["up"], 0);
    let back = bench.json(&["rollback"], 0);
    assert_eq!(back["ready"], true);
    let history = bench.run(&["history"]);
    let lines: Vec<&str> = history.stdout.lines().collect();
    assert!(lines[0].ends_with("up, back to 1"), "{}", history.stdout);
    assert!(
        lines[1].ends_with("ghcr.example/shop/web:1.4.2"),
        "{}",
        history.stdout
    );
    let unknown = bench.run(&["rollback", "--to", "9"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(
        unknown.stderr.contains("there are: 1, 2, 3"),
        "{}",
        unknown.stderr
    );
}

/// Holds W8: a database that moved on is not left to a program that may not know it.
#[test]
fn a_release_does_not_come_back_to_a_database_that_moved_on() {
    let bench = Bench::with(MIGRATED);
    bench.json(&["up"], 0);
    bench.write("plimsoll.yaml", &with_tag(MIGRATED, "1.5.0"));
    bench.json(&["up"], 0);
    let refused = bench.run(&["rollback"]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(
        refused
            .stderr
            .contains("migration schema ran since, and it does not say on which"),
        "{}",
        refused.stderr
    );
}

/// Holds P9, V9.
#[test]
fn a_service_gets_new_pods_and_the_next_release_keeps_them() {
    let bench = Bench::with(SHORTEST);
    let [all, ..] = crate::harness::objects(&bench.json(&["up"], 0));
    let restarted = bench.json(&["restart", "web"], 0);
    assert_eq!(restarted["objects"][0]["name"], "web");
    let again = bench.json(&["up"], 0);
    assert_eq!(crate::harness::objects(&again), [0, 0, all, 0]);
    let unknown = bench.run(&["restart", "wbe"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("there are: db, web"),
        "{}",
        unknown.stderr
    );
}

/// Holds V10.
#[test]
fn logs_name_pod_and_container() {
    let bench = Bench::with(MIGRATED);
    let failed = bench.run(&["up", "--fault", "migration=schema"]);
    assert_eq!(failed.code, 1);
    let logs = bench.run(&["logs", "schema"]);
    assert_eq!(logs.code, 0, "{}", logs.stderr);
    let first = logs.stdout.lines().next().expect("a line");
    assert!(
        first.starts_with("migrate-schema") || first.contains("schema"),
        "{first}"
    );
}

/// Holds V9: what somebody did by hand is found, with the value that would come back.
#[test]
fn drift_is_nothing_after_a_release() {
    let bench = Bench::with(SHORTEST);
    assert_eq!(bench.run(&["drift"]).code, 1, "never shipped");
    bench.json(&["up"], 0);
    let ran = bench.run(&["drift"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "everything is as it was shipped\n")
    );
}

/// Holds V9.
#[test]
fn data_goes_only_with_the_name_of_the_application_typed() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up"], 0);
    let other = bench.run(&["down", "--data", "sohp"]);
    assert_eq!(other.code, 2);
    assert!(
        other.stderr.contains("the application is called shop"),
        "{}",
        other.stderr
    );
    let removed = bench.json(&["down", "--data", "shop"], 0);
    assert_eq!(removed["kept"], serde_json::json!([]));
    assert_eq!(removed["stuck"], serde_json::json!([]));
}

/// Holds V10, P10: the cause, the last words and what to do.
#[test]
fn the_doctor_names_cause_and_remedy() {
    let bench = Bench::with(MIGRATED);
    bench.json(&["up"], 0);
    let well = bench.run(&["doctor"]);
    assert_eq!(well.code, 0, "{}", well.stdout);
    assert!(
        well.stdout.starts_with("nothing is wrong with "),
        "{}",
        well.stdout
    );
    let failed = Bench::with(&format!("{MIGRATED}deliver: {{ rollback: never }}\n"));
    assert_eq!(failed.run(&["up", "--fault", "migration=schema"]).code, 1);
    let found = failed.run(&["doctor"]);
    assert_eq!(found.code, 1, "{}", found.stdout);
    assert!(
        found.stdout.contains("(migration schema): "),
        "{}",
        found.stdout
    );
    assert!(
        found.stdout.contains("    help: mend the migration"),
        "{}",
        found.stdout
    );
}

/// Holds W9, P10.
#[test]
fn the_checklist_ticks_and_crosses_with_evidence() {
    let bench = Bench::with(MIGRATED);
    let never = bench.json(&["checklist"], 1);
    assert_eq!(never[0]["phase"], "before");
    bench.json(&["up"], 0);
    let list = bench.run(&["checklist"]);
    assert_eq!(list.code, 0, "{}", list.stdout);
    for line in [
        "  ✓ the cluster takes every change             by a dry run",
        "  ✓ migrations have run                        1 migrations",
        "  ✓ the cluster is as the file says ",
    ] {
        assert!(list.stdout.contains(line), "{line}\n{}", list.stdout);
    }
    bench.write("plimsoll.yaml", &with_tag(MIGRATED, "1.5.0"));
    let crossed = bench.run(&["checklist"]);
    assert_eq!(crossed.code, 1, "{}", crossed.stdout);
    assert!(
        crossed.stdout.contains("Deployment/web would change"),
        "{}",
        crossed.stdout
    );
}
