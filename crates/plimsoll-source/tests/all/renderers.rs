//! Findings as text: the whole picture, once for each shape.

use plimsoll_source::render::{self, Look};
use plimsoll_source::{Finding, Findings, Level, Origin, Rule, Sources, Span, edit, yaml};
use serde_json::json;

static DRAIN_BLOCKED: Rule = Rule {
    code: "PL0412",
    name: "drain-blocked",
    level: Level::Warning,
    consequence: "no node under these pods can be drained",
    docs: "A budget that is as large as the workload refuses every eviction.",
};

const FILE: &str =
    "app: shop\nservices:\n  api:\n    replicas: 2\n    budget: 2\n    env: { ä: ${b} }\n";

const PLAIN: Look = Look {
    color: false,
    width: 100,
};

/// A run with a finding over two files, one of the loader, and one without a place.
fn run() -> (Sources, Findings) {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = sources.add("plimsoll.yaml", FILE);
    let flag = sources.add("--set", "services.api.replicas=2");
    let tree = yaml::read_one(&sources, file, &mut findings).expect("the file can be read");
    let budget = tree
        .at(&["services", "api", "budget"])
        .expect("it is there");
    let set = Span {
        file: flag,
        start: 22,
        end: 23,
    };
    let finding = Finding::new(&DRAIN_BLOCKED, "the budget of `api` lets no pod be evicted")
        .mark_origin(budget.origin(), "this many must stay up")
        .mark(set, "this many pods run")
        .help("set `budget: 1`")
        .about("Deployment/api");
    let mut other = Findings::default();
    other.report(finding);
    findings.extend_from(&"production".into(), other.clone());
    findings.extend_from(&"staging".into(), other);
    let mut loose = Finding::new(&DRAIN_BLOCKED, "nobody knows\x1b[2J where")
        .mark_origin(&Origin::rule("x", []), "");
    loose.level = Level::Info;
    findings.report(loose);
    (sources, findings)
}

#[test]
fn people_see_the_lines_the_consequence_and_the_edit() {
    let (sources, findings) = run();
    let want = "\
info[PL0412]: nobody knows\\u{1b}[2J where
 |
 = note: no node under these pods can be drained
 = help: `plimsoll explain PL0412` says more

warning[PL0412]: the budget of `api` lets no pod be evicted
 --> plimsoll.yaml:5:13
  |
5 |     budget: 2
  |             ^ this many must stay up
  |
 ::: --set:1:23
  |
1 | services.api.replicas=2
  |                       - this many pods run
  |
  = note: no node under these pods can be drained
  = note: about `Deployment/api`, in the environments `production`, `staging`
  = help: set `budget: 1`
  = help: `plimsoll explain PL0412` says more

error[PL0003]: `${b}` needs quotes here
 --> plimsoll.yaml:6:15
  |
6 |     env: { ä: ${b} }
  |               ^^^^ inside `{ }` or `[ ]`
  |
  = note: inside `{ }` and `[ ]` YAML takes the brace of `${` for the begin of a map
  = help: write `\"${b}\"`
  = help: `plimsoll explain PL0003` says more

1 error, 1 warning, 1 hint
";
    assert_eq!(render::terminal(&findings, &sources, PLAIN), want);
}

#[test]
fn a_value_of_many_lines_is_marked_on_its_first() {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = sources.add("plimsoll.yaml", FILE.replace('\n', "\r\n"));
    let tree = yaml::read_one(&sources, file, &mut Findings::default()).expect("it can be read");
    let services = tree.at(&["services", "api"]).expect("it is there").origin();
    findings.report(Finding::new(&DRAIN_BLOCKED, "x").mark_origin(services, "all of it"));
    let text = render::terminal(&findings, &sources, PLAIN);
    let want = "\
warning[PL0412]: x
 --> plimsoll.yaml:4:5
  |
4 |     replicas: 2
  |     ^^^^^^^^^^^ all of it
  |
  = note: no node under these pods can be drained
  = help: `plimsoll explain PL0412` says more

1 warning
";
    assert_eq!(text, want);
}

#[test]
fn colours_are_there_only_if_asked_for() {
    let (sources, findings) = run();
    let escapes =
        |color| render::terminal(&findings, &sources, Look { color, width: 100 }).contains('\x1b');
    assert!(escapes(true) && !escapes(false));
}

#[test]
fn a_tool_sees_one_line_for_a_finding() {
    let (sources, findings) = run();
    let want = "\
info[PL0412]: nobody knows\\u{1b}[2J where
plimsoll.yaml:5:13: warning[PL0412]: the budget of `api` lets no pod be evicted
plimsoll.yaml:6:15: error[PL0003]: `${b}` needs quotes here
1 error, 1 warning, 1 hint
";
    assert_eq!(render::short(&findings, &sources), want);
    assert_eq!(render::short(&Findings::default(), &sources), "");
    assert_eq!(render::terminal(&Findings::default(), &sources, PLAIN), "");
}

#[test]
fn a_program_sees_places_and_edits() {
    let (sources, findings) = run();
    let all = render::json(&findings, &sources);
    assert_eq!(all[0]["file"], json!(null));
    assert_eq!(all[1]["environments"], json!(["production", "staging"]));
    assert_eq!(all[1]["object"], "Deployment/api");
    assert_eq!(all[1]["edit"], json!(null));
    assert_eq!(all[1]["marks"][1]["file"], "--set");
    let want = json!({
        "file": "plimsoll.yaml", "line": 6, "column": 15, "endLine": 6, "endColumn": 19,
        "start": 72, "end": 76, "text": "\"${b}\"",
    });
    assert_eq!(all[2]["edit"], want);
    let keys: Vec<_> = all[2]
        .as_object()
        .expect("it is an object")
        .keys()
        .collect();
    let first = ["code", "name", "level", "message", "file", "line", "column"];
    assert_eq!(keys[..7], first);
}

#[test]
fn the_edit_of_a_finding_mends_it() {
    let (_, findings) = run();
    let edits = findings
        .sorted()
        .into_iter()
        .filter_map(|f| f.edit.as_ref());
    let mended = edit::apply(FILE, edits).expect("they do not overlap");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = sources.add("plimsoll.yaml", mended);
    yaml::read(&sources, file, &mut findings);
    assert!(findings.is_empty());
}

#[test]
fn rules_of_the_loader_are_numbered_and_explained() {
    let rules = plimsoll_source::rules::ALL;
    assert!(rules.is_sorted_by(|a, b| a.code < b.code));
    assert!(
        rules
            .iter()
            .all(|rule| ("PL0001".."PL0020").contains(&rule.code))
    );
    assert!(
        rules
            .iter()
            .all(|rule| !rule.docs.is_empty() && !rule.consequence.is_empty())
    );
}
