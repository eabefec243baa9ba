//! Findings for people: the lines of the file with what is there.

use super::{count, one_line};
use crate::{FileId, Finding, Findings, Level, Mark, Sources};
use annotate_snippets::{Annotation, AnnotationKind, Group, Renderer, Snippet};

/// How the text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whether to colour it.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// Each finding with its lines, the consequence and the edit; the count last.
pub fn terminal(findings: &Findings, sources: &Sources, look: Look) -> String {
    let renderer = if look.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(look.width);
    let mut text = String::new();
    for finding in findings.sorted() {
        text.push_str(&renderer.render(&[group(finding, sources)]));
        text.push_str("\n\n");
    }
    if let Some(count) = count(findings) {
        text.push_str(&count);
        text.push('\n');
    }
    text
}

fn group<'a>(finding: &'a Finding, sources: &'a Sources) -> Group<'a> {
    let level = match finding.level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warning => annotate_snippets::Level::WARNING,
        Level::Info | Level::Off => annotate_snippets::Level::INFO,
    };
    let title = level
        .primary_title(one_line(&finding.message))
        .id(finding.rule.code);
    let mut files: Vec<FileId> = Vec::new();
    for mark in &finding.marks {
        if !files.contains(&mark.span.file) {
            files.push(mark.span.file);
        }
    }
    let (note, help) = (
        annotate_snippets::Level::NOTE,
        annotate_snippets::Level::HELP,
    );
    let mut group = Group::with_title(title)
        .elements(files.iter().map(|file| snippet(finding, *file, sources)))
        .element(note.clone().message(finding.rule.consequence));
    if let Some(place) = whereabouts(finding) {
        group = group.element(note.message(place));
    }
    if let Some(text) = &finding.help {
        group = group.element(help.clone().message(one_line(text)));
    }
    group.element(help.message(format!(
        "`plimsoll explain {}` says more",
        finding.rule.code
    )))
}

/// The object and the environments.
fn whereabouts(finding: &Finding) -> Option<String> {
    let object = finding
        .object
        .iter()
        .map(|object| format!("about `{object}`"));
    let names: Vec<_> = finding
        .environments
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let environments = (!names.is_empty()).then(|| match names.len() {
        1 => format!("in the environment {}", names[0]),
        _ => format!("in the environments {}", names.join(", ")),
    });
    let parts: Vec<_> = object.chain(environments).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The lines of one file that are marked.
fn snippet<'a>(
    finding: &'a Finding,
    file: FileId,
    sources: &'a Sources,
) -> Snippet<'a, Annotation<'a>> {
    let text = &sources.file(file).text;
    let marks: Vec<&Mark> = finding
        .marks
        .iter()
        .filter(|mark| mark.span.file == file)
        .collect();
    let first = marks.iter().map(|mark| mark.span.start).min().unwrap_or(0);
    let last = marks.iter().map(|mark| mark.span.start).max().unwrap_or(0) as usize;
    // The lines between the marks are enough: a large file would be searched for each finding.
    let from = text[..first as usize]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let to = text[last..]
        .find('\n')
        .map_or(text.len(), |newline| last + newline + 1);
    let line = sources.file(file).position(first).line;
    let place = |mark: &'a Mark| {
        let primary = finding
            .marks
            .first()
            .is_some_and(|first| std::ptr::eq(first, mark));
        let kind = if primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let start = mark.span.start as usize;
        let end = start + first_line(&text[start..mark.span.end as usize]).len();
        kind.span(start - from..end - from)
            .label(one_line(&mark.label))
    };
    Snippet::source(&text[from..to])
        .path(one_line(&sources.file(file).name))
        .line_start(line as usize)
        .annotations(marks.into_iter().map(place))
}

/// The first line of what is marked: a whole service would fill the screen.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
