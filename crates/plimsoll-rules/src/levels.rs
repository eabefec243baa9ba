//! Levels that the file sets, and what it waives, over all environments of a run.

use plimsoll_source::{Finding, Findings, Level, Rule, Sourced, Span, Str, near};
use plimsoll_spec::App;
use plimsoll_spec::app::policy::{RuleLevel, Waiver};
use plimsoll_spec::types::Date;
use std::collections::{BTreeMap, BTreeSet};

/// A waiver that names a day that is past.
pub static EXPIRED: Rule = Rule {
    code: "PL0501",
    name: "waiver-expired",
    level: Level::Error,
    consequence: "what was allowed for a while is still there",
    docs: "A waiver holds until its day. After that, what it allowed is reported again, and the \
           waiver itself is an error: mend the cause and remove the waiver, or give it a new day. \
           `--today DAY` says what will have expired by then.",
};

/// A name that no rule has.
pub static UNKNOWN_RULE: Rule = Rule {
    code: "PL0505",
    name: "unknown-rule",
    level: Level::Error,
    consequence: "the line would do nothing",
    docs: "`policy.rules` and `policy.waive` name rules as `check` prints them in its pages and \
           `plimsoll rules` lists them.",
};

/// A waiver of nothing.
pub static IDLE_WAIVER: Rule = Rule {
    code: "PL0506",
    name: "idle-waiver",
    level: Level::Warning,
    consequence: "it would allow the same mistake once somebody makes it",
    docs: "In no environment does a finding of that rule concern that object. The cause is mended: \
           remove the waiver. Or its `object` is misspelt: it is `Kind/name`, and `*` stands for any \
           text.",
};

/// A waiver that waives something.
pub static WAIVED: Rule = Rule {
    code: "PL0508",
    name: "waived",
    level: Level::Info,
    consequence: "it is allowed until that day",
    docs: "A finding of that rule concerns that object and is not reported. The waiver says why and \
           until when; it stays in sight, so that nobody forgets what was allowed.",
};

/// A waiver, or a level, of what nobody can allow.
pub static NOT_ALLOWED: Rule = Rule {
    code: "PL0512",
    name: "not-allowed",
    level: Level::Error,
    consequence: "the line would do nothing",
    docs: "Where two blocks make one object (`same-object`), nothing can be written or released: no waiver and \
           no level changes that.",
};

/// Every rule about `policy` itself.
pub static ALL: &[&Rule] = &[&EXPIRED, &UNKNOWN_RULE, &IDLE_WAIVER, &WAIVED, &NOT_ALLOWED];

/// Rules that hold whatever `policy` says.
static FIXED: [&Rule; 1] = [&crate::same_object::RULE];

fn is_fixed(name: &str) -> bool {
    FIXED.iter().any(|rule| rule.name == name)
}

/// What `policy` says, applied to one environment after the other.
#[derive(Debug)]
pub struct Policies<'a> {
    today: Date,
    known: &'a [&'static Rule],
    /// Rules whose findings are not among those of `check`: only outputs have them.
    elsewhere: &'a [&'static Rule],
    /// Waivers by their place.
    waivers: BTreeMap<Span, Seen>,
}

/// A waiver, and what it came to.
#[derive(Debug)]
struct Seen {
    /// What it waives, `rule` of `object`.
    what: String,
    /// Until when and why.
    because: String,
    /// Whether it waived something.
    waived: bool,
}

impl<'a> Policies<'a> {
    /// Policies of one run on a day. `known` are all rules that there are, `elsewhere` those that
    /// only outputs report.
    pub fn new(today: Date, known: &'a [&'static Rule], elsewhere: &'a [&'static Rule]) -> Self {
        Self {
            today,
            known,
            elsewhere,
            waivers: BTreeMap::new(),
        }
    }

    /// Applies `policy.rules` and `policy.waive` of an environment to its findings.
    pub fn apply(&mut self, app: &App, findings: &mut Findings) {
        let policy = &app.policy;
        let waived = silence(app, self.today, findings);
        for (name, level) in &policy.rules {
            let name = Sourced::new(name.clone(), level.origin().clone());
            self.known_rule(&name, findings);
        }
        for waiver in &policy.waive {
            if !self.known_rule(&waiver.rule, findings) {
                continue;
            }
            if waiver.has_ended(self.today) {
                findings.report(expired(waiver));
                continue;
            }
            let elsewhere = self
                .elsewhere
                .iter()
                .any(|rule| waiver.rule.peek() == rule.name);
            if let Some(place) = waiver.rule.place().filter(|_| !elsewhere) {
                let (rule, object) = (waiver.rule.peek(), waiver.object.peek());
                let (until, reason) = (waiver.until.peek(), waiver.reason.peek());
                let known = self.waivers.entry(place).or_insert_with(|| Seen {
                    what: format!("`{rule}` of `{object}`"),
                    because: format!("until {until}: {reason}"),
                    waived: false,
                });
                known.waived |= waived.contains(&place);
            }
        }
    }

    /// Reports every waiver: what it waived, or that it waived nothing in any environment.
    pub fn finish(self, findings: &mut Findings) {
        for (
            place,
            Seen {
                what,
                because,
                waived,
            },
        ) in self.waivers
        {
            findings.report(if waived {
                let finding = Finding::new(&WAIVED, format!("{what} is waived {because}"));
                finding.mark(place, "waives it")
            } else {
                let finding =
                    Finding::new(&IDLE_WAIVER, format!("{what} is waived and is not found"));
                finding
                    .mark(place, "waives nothing")
                    .help("remove the waiver")
            });
        }
    }

    /// Whether a rule exists and may be changed; it is reported if not.
    fn known_rule(&self, name: &Sourced<Str>, findings: &mut Findings) -> bool {
        if is_fixed(name.peek()) {
            let what = format!("nobody can allow `{}`", name.peek());
            let finding =
                Finding::new(&NOT_ALLOWED, what).mark_origin(name.origin(), "holds always");
            findings.report(finding.help("remove the line, and mend what it is about"));
            return false;
        }
        let names = self.known.iter().map(|rule| rule.name);
        if names.clone().any(|known| name.peek() == known) {
            return true;
        }
        let what = format!("there is no rule `{}`", name.peek());
        let finding = Finding::new(&UNKNOWN_RULE, what).mark_origin(name.origin(), "unknown");
        let near = near(name.peek(), names);
        findings.report(match near {
            Some(near) => finding.help(format!("a rule with a similar name exists: `{near}`")),
            None => finding.help("`plimsoll rules` lists all"),
        });
        false
    }
}

/// Gives findings the levels that the file sets, and turns those off that it waives on a day. The
/// places of the waivers that did.
pub fn silence(app: &App, today: Date, findings: &mut Findings) -> BTreeSet<Span> {
    let mut waived = BTreeSet::new();
    let open = findings.iter_mut().filter(|one| !is_fixed(one.rule.name));
    for finding in open {
        if let Some(level) = app.policy.rules.get(finding.rule.name) {
            finding.level = level_of(*level.peek());
        }
        for waiver in &app.policy.waive {
            if !waiver.has_ended(today) && covers(waiver, finding) {
                finding.level = Level::Off;
                waived.extend(waiver.rule.place());
            }
        }
    }
    waived
}

fn expired(waiver: &Waiver) -> Finding {
    let what = format!(
        "the waiver of `{}` ended on {}",
        waiver.rule.peek(),
        waiver.until.peek()
    );
    Finding::new(&EXPIRED, what)
        .mark_origin(waiver.until.origin(), "past")
        .help("mend what it allowed and remove the waiver, or write a later day")
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
