//! Levels that the file sets, and what it waives.

use plimsoll_source::{Finding, Findings, Level, Rule};
use plimsoll_spec::App;
use plimsoll_spec::app::policy::{RuleLevel, Waiver};

/// A waiver that names a day that is past.
pub static EXPIRED: Rule = Rule {
    code: "PL0501",
    name: "waiver-expired",
    level: Level::Error,
    consequence: "what was allowed for a while is still there",
    docs: "A waiver holds until its day. After that, what it allowed is reported again, and the \
           waiver itself is an error: mend the cause and remove the waiver, or give it a new day.",
};

/// Applies `policy.rules` and `policy.waive` to findings.
pub fn apply(app: &App, findings: &mut Findings) {
    for finding in findings.iter_mut() {
        if let Some(level) = app.policy.rules.get(finding.rule.name) {
            finding.level = level_of(*level.peek());
        }
        if app
            .policy
            .waive
            .iter()
            .any(|waiver| covers(waiver, finding))
        {
            finding.level = Level::Off;
        }
    }
}

fn level_of(level: RuleLevel) -> Level {
    match level {
        RuleLevel::Off => Level::Off,
        RuleLevel::Info => Level::Info,
        RuleLevel::Warning => Level::Warning,
        RuleLevel::Error => Level::Error,
    }
}

fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    let object = finding.object.as_ref().map_or("", |object| object.as_str());
    waiver.rule.peek() == finding.rule.name && matches(waiver.object.peek(), object)
}

/// `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches(after, &rest[at..]))
        }),
    }
}
