//! A plan and what stands in its way, as people read them.

use plimsoll_ship::{Action, Change, FieldChange, Obstacle, Plan};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Longest value on one line.
const WIDEST: usize = 72;
/// Most lines of a text that are shown.
const LINES: usize = 16;

/// The whole plan; the last line counts.
pub fn text(plan: &Plan, place: &str) -> String {
    let mut text = format!(
        "{} {} on {place}, namespace {}\n",
        plan.application, plan.environment, plan.namespace
    );
    if !plan.changes.is_empty() {
        text.push('\n');
    }
    for change in &plan.changes {
        change_lines(&mut text, change);
    }
    for foreign in &plan.foreign {
        let _ = writeln!(
            text,
            "  ! {foreign} carries our label and was not made by us: left alone"
        );
    }
    let _ = writeln!(text, "\n{}", summary(plan));
    text
}

fn change_lines(text: &mut String, change: &Change) {
    let action = change.action;
    let line = format!(
        "  {} {:<9} {}",
        action.sign(),
        action.to_string(),
        whole_name(change)
    );
    let note = change
        .note
        .as_ref()
        .map_or(String::new(), |note| format!(": {note}"));
    let _ = writeln!(text, "{line}{note}");
    if action == Action::Create {
        return;
    }
    for field in &change.fields {
        field_lines(text, field);
    }
}

/// `Deployment/api`, with the namespace where it is another one than usual would be.
fn whole_name(change: &Change) -> String {
    match &change.object.namespace {
        Some(namespace) => format!("{} in {namespace}", change.object),
        None => change.object.to_string(),
    }
}

fn field_lines(text: &mut String, field: &FieldChange) {
    let owners = match field.owners.as_slice() {
        [] => String::new(),
        owners => format!("   (set by {})", owners.join("; ")),
    };
    let long = |value: &Option<Value>| {
        value
            .as_ref()
            .and_then(Value::as_str)
            .is_some_and(|text| text.trim_end().contains('\n'))
    };
    if long(&field.before) || long(&field.after) {
        let _ = writeln!(text, "      {}:{owners}", field.path);
        line_difference(text, field);
        return;
    }
    let _ = writeln!(
        text,
        "      {}: {} → {}{owners}",
        field.path,
        shown(field.before.as_ref()),
        shown(field.after.as_ref())
    );
}

/// Lines that came and went.
fn line_difference(text: &mut String, field: &FieldChange) {
    let whole = |value: &Option<Value>| {
        let text = value.as_ref().and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (before, after) = (whole(&field.before), whole(&field.after));
    let difference = similar::TextDiff::from_lines(&before, &after);
    let changed: Vec<_> = difference
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .collect();
    for change in changed.iter().take(LINES) {
        let _ = writeln!(
            text,
            "        {} {}",
            change.tag(),
            change.value().trim_end()
        );
    }
    if changed.len() > LINES {
        let _ = writeln!(text, "        … {} more lines", changed.len() - LINES);
    }
}

fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => text.trim_end().to_owned(),
        Some(other) => other.to_string(),
    };
    if text.chars().count() > WIDEST {
        let start: String = text.chars().take(WIDEST).collect();
        return format!("{start}…");
    }
    text
}

/// `1 to create, 2 to change; 8 stay as they are`.
pub fn summary(plan: &Plan) -> String {
    let counts: Vec<String> = plan
        .counts()
        .into_iter()
        .map(|(action, count)| format!("{count} to {action}"))
        .collect();
    let changes = if counts.is_empty() {
        "nothing to do".to_owned()
    } else {
        counts.join(", ")
    };
    format!("{changes}; {} stay as they are", plan.unchanged)
}

/// Everything that stands in the way, with what mends it.
pub fn obstacles(obstacles: &[Obstacle]) -> String {
    let mut text = format!(
        "{} in the way; nothing was written\n",
        match obstacles.len() {
            1 => "one thing stands".to_owned(),
            many => format!("{many} things stand"),
        }
    );
    for obstacle in obstacles {
        let place = obstacle.place.as_ref();
        let place = place.map_or(String::new(), |place| {
            format!("{}:{}: ", place.file, place.line)
        });
        let _ = writeln!(text, "  {place}{}: {}", obstacle.about, obstacle.cause);
        let _ = writeln!(text, "    help: {}", obstacle.remedy);
    }
    let pages: BTreeSet<&str> = obstacles.iter().map(|one| one.page.name()).collect();
    for page in pages {
        let _ = writeln!(text, "  `plimsoll explain {page}` says more");
    }
    text
}

/// What differs from what was shipped: the values that would come back stand on the right.
pub fn drift(plan: &Plan) -> String {
    let mut text = format!(
        "{} of {} objects differ from what was shipped\n\n",
        plan.changes.len(),
        plan.changes.len() + plan.unchanged
    );
    for change in &plan.changes {
        if change.action == Action::Create {
            let _ = writeln!(text, "  {} is gone", whole_name(change));
            continue;
        }
        let _ = writeln!(text, "  {}", whole_name(change));
        for field in &change.fields {
            field_lines(&mut text, field);
        }
    }
    for obstacle in &plan.obstacles {
        let _ = writeln!(text, "  {}: {}", obstacle.about, obstacle.cause);
    }
    text.push_str("\n`plimsoll up --adopt` brings the values on the right back\n");
    text
}

/// How going back ended.
pub fn outcome(outcome: &plimsoll_ship::Outcome) -> String {
    let (objects, pods) = (outcome.objects, outcome.pods);
    let mut text = format!(
        "{}\n  objects     {} created, {} changed, {} unchanged, {} pruned\n  pods        {} of {} ready\n",
        if outcome.ready {
            "it is back"
        } else {
            "it does not come up"
        },
        objects.created,
        objects.changed,
        objects.unchanged,
        objects.pruned,
        pods.ready,
        pods.wanted
    );
    if let Some(failure) = &outcome.failure {
        let _ = writeln!(text, "  {}: {}", failure.object, failure.cause);
        for line in &failure.log {
            let _ = writeln!(text, "    | {line}");
        }
    }
    text
}
