//! `check`: findings in every form, and the exit code that scripts use.

use crate::harness::{Bench, MIGRATED, SHORTEST};
use serde_json::json;

fn wrong() -> Bench {
    Bench::with(&SHORTEST.replace("health:", "helth:"))
}

#[test]
fn a_good_file_has_no_findings() {
    let ran = Bench::with(SHORTEST).run(&["check"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(ran.stderr, "no findings\n");
}

#[test]
fn a_wrong_key_is_found_at_its_place_with_the_edit_that_mends_it() {
    let found = wrong().json(&["check"], 1);
    let [finding] = found["findings"].as_array().expect("a list").as_slice() else {
        panic!("one finding: {found}");
    };
    assert_eq!(finding["name"], json!("unknown-key"));
    assert_eq!(finding["level"], json!("error"));
    assert_eq!(finding["file"], json!("plimsoll.yaml"));
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&json!(3), &json!(59))
    );
    assert_eq!(finding["edit"]["text"], json!("health"));
}

#[test]
fn the_edit_of_a_finding_mends_the_file() {
    let bench = wrong();
    let found = bench.json(&["check"], 1);
    let edit = &found["findings"][0]["edit"];
    let at = |key: &str| usize::try_from(edit[key].as_u64().expect("bytes")).expect("small");
    let mut text = SHORTEST.replace("health:", "helth:");
    text.replace_range(at("start")..at("end"), edit["text"].as_str().expect("text"));
    assert_eq!(text, SHORTEST);
    bench.write("plimsoll.yaml", &text);
    assert_eq!(bench.json(&["check"], 0), json!({ "findings": [] }));
}

#[test]
fn short_findings_are_a_line_each_and_a_count() {
    let ran = wrong().run(&["check", "--format", "short"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            1,
            "plimsoll.yaml:3:59: error[PL0130]: a service has no key `helth`\n1 error\n"
        )
    );
}

#[test]
fn full_findings_show_the_line_and_offer_the_near_name() {
    let ran = wrong().run(&["check"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("--> plimsoll.yaml:3:59"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("= help: write `health`"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_mistake_stops_every_command_before_it_does_anything() {
    let bench = wrong();
    for command in ["up", "render", "status", "down"] {
        let ran = bench.run(&[command]);
        assert_eq!(ran.code, 1, "{command}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{command}");
        assert!(
            ran.stderr.contains("a service has no key `helth`"),
            "{command}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_mistake_in_another_environment_is_found_as_well() {
    let file = MIGRATED.replace("namespace: shop-staging", "services: { web: { scael: 2 } }");
    let ran = Bench::with(&file).run(&["check", "-e", "production", "--format", "short"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("plimsoll.yaml:14:"), "{}", ran.stdout);
}

#[test]
fn several_mistakes_are_told_in_one_run() {
    let file = SHORTEST
        .replace("health:", "helth:")
        .replace("[db]", "[bd]")
        .replace("20Gi", "much");
    let found = Bench::with(&file).json(&["check"], 1);
    let names: Vec<_> = found["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| finding["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["unknown-key", "unknown-target", "wrong-value"]);
}

#[test]
fn a_file_that_is_no_yaml_is_a_finding_and_no_crash() {
    let ran = Bench::with("app: [shop\nservices: {\n").run(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("error[PL00"), "{}", ran.stdout);
}

/// A file with waivers.
fn waived(waivers: &str) -> Bench {
    Bench::with(&format!("{SHORTEST}policy: {{ waive: [{waivers}] }}\n"))
}

#[test]
fn a_waiver_holds_until_its_day() {
    let waiver = "{ rule: idle-waiver, object: \"*\", reason: none, until: 2027-01-31 }";
    let bench = waived(waiver);
    let names = |today: &str| {
        let found = bench.json(
            &["check", "--today", today],
            i32::from(today > "2027-01-31"),
        );
        let all = found["findings"].as_array().expect("a list").clone();
        all.iter()
            .map(|finding| finding["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert!(names("2027-01-31").contains(&"idle-waiver".to_owned()));
    assert!(names("2027-02-01").contains(&"waiver-expired".to_owned()));
}

#[test]
fn a_waiver_of_a_rule_that_nobody_knows_offers_the_near_name() {
    let waiver = "{ rule: idle-waver, object: \"*\", reason: none, until: 2999-01-31 }";
    let ran = waived(waiver).run(&["check"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout
            .contains("error[PL0505]: there is no rule `idle-waver`"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("similar name exists: `idle-waiver`"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_day_that_is_none_is_a_usage_error() {
    let ran = Bench::with(SHORTEST).run(&["check", "--today", "2027-02-30"]);
    assert_eq!(ran.code, 2);
}
