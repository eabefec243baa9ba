//! What `up` says when something breaks: the cause, the line that it comes from, exit code 1.

use crate::harness::{Bench, MIGRATED, SHORTEST, objects};
use serde_json::json;

#[test]
fn an_image_that_cannot_be_pulled_is_named_with_its_line() {
    let bench = Bench::with(SHORTEST);
    let release = bench.json(&["up", "--fault", "image=web"], 1);
    let failure = &release["failure"];
    assert_eq!(release["ready"], json!(false));
    assert_eq!(failure["object"], json!("Deployment/web"));
    assert_eq!(
        (&failure["file"], &failure["line"]),
        (&json!("plimsoll.yaml"), &json!(3))
    );
    let cause = failure["cause"].as_str().expect("a cause");
    assert!(
        cause.starts_with("image ghcr.example/shop/web:1.4.2 cannot be pulled"),
        "{cause}"
    );
    assert!(
        release["virtual_seconds"].as_f64().expect("a number") < 120.0,
        "fails by its cause, not by a time-out"
    );
}

#[test]
fn text_says_what_was_broken_on_purpose() {
    let ran = Bench::with(SHORTEST).run(&["up", "--fault", "image=web"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.starts_with("\nshop default is not up\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("\n  comes from plimsoll.yaml:3:3\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("\n  broken on purpose: image=web\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("Deployment/web failed: image "),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_process_that_crashes_shows_its_last_lines() {
    let release = Bench::with(SHORTEST).json(&["up", "--fault", "crash=web"], 1);
    let failure = &release["failure"];
    assert_eq!(failure["object"], json!("Deployment/web"));
    assert!(
        failure["cause"]
            .as_str()
            .expect("a cause")
            .contains("exit code 1"),
        "{failure}"
    );
    assert!(
        !failure["log"].as_array().expect("a list").is_empty(),
        "{failure}"
    );
}

#[test]
fn a_migration_that_fails_leaves_the_services_as_they_were() {
    let bench = Bench::with(MIGRATED);
    bench.json(&["up"], 0);
    let args = [
        "up",
        "--set",
        "images.tag=1.5.0",
        "--fault",
        "migration=schema",
    ];
    let release = bench.json(&args, 1);
    assert_eq!(release["migrations"][0]["state"], json!("failed"));
    let object = release["failure"]["object"].as_str().expect("an object");
    assert!(object.starts_with("Job/schema-migrate-"), "{object}");
    let [created, changed, ..] = objects(&release);
    assert_eq!((created, changed), (1, 0), "the job alone: {release}");
    assert_eq!(release["pods"], json!({ "ready": 5, "wanted": 5 }));
    assert_eq!(
        release["routes"][1]["answers"],
        json!(true),
        "users notice nothing: {release}"
    );
}

#[test]
fn a_failed_release_is_mended_by_the_next_one() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up", "--fault", "crash=web"], 1);
    bench.write("plimsoll.yaml", &SHORTEST.replace("1.4.2", "1.4.3"));
    let mended = bench.json(&["up"], 0);
    assert_eq!(mended["ready"], json!(true));
    let [created, changed, ..] = objects(&mended);
    assert_eq!(
        (created, changed),
        (0, 1),
        "what was there is used: {mended}"
    );
}

#[test]
fn a_slow_start_is_waited_for() {
    let bench = Bench::with(SHORTEST);
    // No certificate is waited for in the meantime.
    let seconds = |fault: &[&str]| {
        let up = [&["up", "--set", "routes.main.tls=none"][..], fault].concat();
        let up = bench.json(&up, 0);
        up["virtual_seconds"].as_f64().expect("a number")
    };
    let quick = seconds(&[]);
    bench.run(&["cluster", "reset"]);
    let slow = seconds(&["--fault", "slow=web:60s"]);
    assert!(
        (slow - quick - 60.0).abs() < 1.0,
        "{quick} s, then {slow} s"
    );
}

#[test]
fn a_fault_that_is_none_is_a_mistake_of_the_command_line() {
    let ran = Bench::with(SHORTEST).run(&["up", "--fault", "bogus"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.starts_with("error: `bogus` is no fault: write "),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_fault_of_nothing_is_a_usage_error_with_the_near_name() {
    let ran = Bench::with(SHORTEST).run(&["up", "--fault", "crash=wbe"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("there is no `wbe` here; did you mean `web`?"),
        "{}",
        ran.stderr
    );
}
