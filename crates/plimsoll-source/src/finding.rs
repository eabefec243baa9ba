//! What is wrong with the user's files: data only. Renderers are beside.

use crate::{Origin, Span, Str};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not shown.
    Off,
    /// Worth knowing.
    Info,
    /// Probably a mistake.
    Warning,
    /// Nothing is shipped while it stands.
    Error,
}

/// A bad pattern: its code, its name and what to know about it. One static per rule.
#[derive(Debug)]
pub struct Rule {
    /// `PL0412`: never changes, is never used again.
    pub code: &'static str,
    /// Name of the bad pattern, `drain-blocked`.
    pub name: &'static str,
    /// How much it matters unless the file says otherwise.
    pub level: Level,
    /// What would happen: shown as the note.
    pub consequence: &'static str,
    /// The page of `plimsoll explain`.
    pub docs: &'static str,
}

/// A place with what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place.
    pub span: Span,
    /// What is there.
    pub label: String,
}

/// A change of one file that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// What to put there.
    pub text: String,
}

/// One mistake of the user's files, at its place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The bad pattern.
    pub rule: &'static Rule,
    /// Level in force.
    pub level: Level,
    /// Headline that stands alone.
    pub message: String,
    /// The value to change first, then what it contradicts.
    pub marks: Vec<Mark>,
    /// The edit in words.
    pub help: Option<String>,
    /// The edit itself.
    pub edit: Option<Edit>,
    /// Environments that have it; empty: all, or none in particular.
    pub environments: Vec<Str>,
    /// The object that it is about, `Kind/name`, where it is about one.
    pub object: Option<Str>,
}

impl Finding {
    /// A finding at the rule's own level, still without a place.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            level: rule.level,
            message: message.into(),
            marks: Vec::new(),
            help: None,
            edit: None,
            environments: Vec::new(),
            object: None,
        }
    }

    /// Marks a place.
    #[must_use]
    pub fn mark(mut self, span: Span, label: impl Into<String>) -> Self {
        self.marks.push(Mark {
            span,
            label: label.into(),
        });
        self
    }

    /// Marks where a value came from, if somebody wrote it.
    #[must_use]
    pub fn mark_origin(self, origin: &Origin, label: impl Into<String>) -> Self {
        match origin.place() {
            Some(span) => self.mark(span, label),
            None => self,
        }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers the edit that mends it.
    #[must_use]
    pub fn edit(mut self, span: Span, text: impl Into<String>) -> Self {
        self.edit = Some(Edit {
            span,
            text: text.into(),
        });
        self
    }

    /// Names the object that it is about.
    #[must_use]
    pub fn about(mut self, object: impl Into<Str>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// The place to show.
    pub fn place(&self) -> Option<Span> {
        self.marks.first().map(|mark| mark.span)
    }
}

/// Findings of one run. Reported in any order, read in the order of place and code.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    /// Adds one.
    pub fn report(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    /// Adds those of another run.
    pub fn extend(&mut self, other: Findings) {
        self.all.extend(other.all);
    }

    /// Adds those of one environment; what several have is kept once, with their names.
    pub fn extend_from(&mut self, environment: &Str, other: Findings) {
        for mut finding in other.all {
            let same = self.all.iter_mut().find(|known| {
                known.rule.code == finding.rule.code
                    && known.message == finding.message
                    && known.marks == finding.marks
            });
            match same {
                Some(known) if known.environments.contains(environment) => {}
                Some(known) => known.environments.push(environment.clone()),
                None => {
                    finding.environments.push(environment.clone());
                    self.all.push(finding);
                }
            }
        }
    }

    /// Keeps those that hold.
    pub fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.all.retain(keep);
    }

    /// Every place that an error shows.
    pub fn wrong_places(&self) -> Vec<Span> {
        let errors = self.all.iter().filter(|one| one.level == Level::Error);
        let marks = errors.flat_map(|error| &error.marks);
        marks.map(|mark| mark.span).collect()
    }

    /// Whether any of them stops a release.
    pub fn any_error(&self) -> bool {
        self.all.iter().any(|finding| finding.level == Level::Error)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them by file, position and code; those that are off left out.
    pub fn sorted(&self) -> Vec<&Finding> {
        let mut sorted: Vec<_> = self.all.iter().filter(|f| f.level != Level::Off).collect();
        sorted.sort_by_key(|finding| (finding.place(), finding.rule.code, &finding.message));
        sorted
    }

    /// All of them, to be changed in place (levels, waivers).
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.all.iter_mut()
    }
}
