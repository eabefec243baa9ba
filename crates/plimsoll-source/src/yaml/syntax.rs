//! From the parser's errors to findings, and how to read on behind them.

use super::build::Builder;
use super::read::Hidden;
use crate::{Finding, Rule, rules};
use granit_parser::{ErrorKind, ScanError};
use std::ops::Range;

/// How to hide a mistake from the next round.
pub(super) enum Repair {
    /// A scalar with `${…}`: without its braces it is plain.
    Variables {
        /// The scalar.
        scalar: Range<usize>,
        /// Its braces.
        braces: Vec<usize>,
    },
    /// Lines to leave out.
    Lines(Range<usize>),
}

/// What to tell about an error, and how to read on if that is safe; nothing if the error only
/// follows from lines that were hidden.
pub(super) fn diagnose(
    hidden: &Hidden,
    builder: &Builder<'_>,
    error: &ScanError,
) -> Option<(Finding, Option<Repair>)> {
    let text = builder.text;
    // In lines that were hidden, the parser sees blanks in the middle of wide characters.
    let at = text.floor_char_boundary(error.marker().byte_offset().unwrap_or(0));
    if let Some(found) = variables(builder, at) {
        return Some(found);
    }
    if follows(hidden, builder, at) {
        return None;
    }
    let finding = match error.kind() {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart => tabs(builder, at),
        ErrorKind::RecursionLimitExceeded => mark(
            builder,
            &rules::TOO_DEEP,
            format!("nested more than {} levels deep", super::build::MAX_DEPTH),
            at,
            "one level too many",
        ),
        kind => explain(builder, kind, at),
    };
    let lines = is_local(error.kind()).then(|| block_of(text, at));
    Some((finding, lines.map(Repair::Lines)))
}

/// Whether an error may only be there because lines before it were hidden: nothing was read
/// since, or a plain scalar runs on over them.
fn follows(hidden: &Hidden, builder: &Builder<'_>, at: usize) -> bool {
    let plain = &builder.last_plain;
    hidden.lines.iter().any(|lines| {
        let over = plain.start < lines.start && plain.end > lines.end;
        lines.start <= at && (over || builder.last_end <= lines.start && lines.start > 0)
    })
}

/// Whether the mistake ends with its line, so that the rest can be read without it.
fn is_local(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::MappingValueNotAllowed
            | ErrorKind::UnexpectedCharacter { .. }
            | ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidUnicodeEscape
            | ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar
            | ErrorKind::BlockSequenceEntryNotAllowed
            | ErrorKind::UndeclaredTagHandle
            | ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::SimpleKeyExpected
            | ErrorKind::MissingAnchorOrAliasName
    )
}

/// The line of a byte, and the lines after it that are indented deeper.
fn block_of(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let mut end = start + first.len();
    for line in lines {
        if !line.trim().is_empty() && indent(line) <= indent(first) {
            break;
        }
        end += line.len();
    }
    start..end
}

/// `${…}` inside `{ }` or `[ ]`: YAML ends the scalar at the brace.
fn variables(builder: &Builder<'_>, at: usize) -> Option<(Finding, Option<Repair>)> {
    let (text, plain) = (builder.text, &builder.last_plain);
    let is_variable = text[..at].ends_with('$') && text[at..].starts_with('{') && plain.end == at;
    if !is_variable {
        return None;
    }
    let (mut end, mut braces) = (at, Vec::new());
    loop {
        let close = end + text[end..].find(['}', '\n', '"', '\''])?;
        if !text[close..].starts_with('}') {
            break;
        }
        braces.extend([end, close]);
        end = close + 1 + rest_of_plain(&text[close + 1..]);
        if !(text[..end].ends_with('$') && text[end..].starts_with('{')) {
            break;
        }
    }
    if braces.is_empty() {
        return None;
    }
    let scalar = plain.start..end;
    let written = &text[scalar.clone()];
    let quoted = quoted(written);
    let span = builder.span(&scalar);
    let finding = Finding::new(
        &rules::UNQUOTED_VARIABLE,
        format!("`{written}` needs quotes here"),
    )
    .mark(span, "inside `{ }` or `[ ]`")
    .help(format!("write `{quoted}`"))
    .edit(span, quoted);
    Some((finding, Some(Repair::Variables { scalar, braces })))
}

/// A text in double quotes, as it stands in a file.
fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    super::quote::double(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}

/// How many bytes more a plain scalar in brackets has, up to the next thing that ends it.
fn rest_of_plain(text: &str) -> usize {
    let ends = text.char_indices().find(|(at, c)| {
        let next = text[at + c.len_utf8()..].chars().next();
        match c {
            ',' | '[' | ']' | '{' | '}' | '\n' | '\r' => true,
            ':' => next.is_none_or(|c| c.is_whitespace() || ",[]{}".contains(c)),
            ' ' | '\t' => next.is_none_or(|c| c == '#'),
            _ => false,
        }
    });
    let end = ends.map_or(text.len(), |(at, _)| at);
    text[..end].trim_end().len()
}

/// A line that is indented with a tab; the edit mends all that are.
fn tabs(builder: &Builder<'_>, at: usize) -> Finding {
    let text = builder.text;
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let finding = Finding::new(&rules::TAB_INDENTATION, "a line is indented with a tab")
        .help("indent with two blanks for each level");
    let indent = start..start + blanks(&text[start..]);
    if !text[indent.clone()].contains('\t') {
        return finding.mark(
            builder.span(&char_at(text, at)),
            "a tab is not allowed here",
        );
    }
    // Up to the last line that begins with a tab: else the next run would find that one.
    let rest = &text[start..];
    let last = rest.rfind("\n\t").map_or(0, |newline| newline + 1);
    let end = start
        + rest[last..]
            .find('\n')
            .map_or(rest.len(), |newline| last + newline + 1);
    let mut mended = String::new();
    for (at, line) in text[start..end].split_inclusive('\n').enumerate() {
        let is_wrong = at == 0 || line.starts_with('\t');
        let (white, rest) = line.split_at(if is_wrong { blanks(line) } else { 0 });
        mended.push_str(&white.replace('\t', "  "));
        mended.push_str(rest);
    }
    finding
        .mark(builder.span(&indent), "indented with a tab")
        .edit(builder.span(&(start..end)), mended)
}

/// The finding of a mistake in the syntax, with the place where it probably began.
fn explain(builder: &Builder<'_>, kind: &ErrorKind, at: usize) -> Finding {
    let (message, label) = words(kind);
    let finding = mark(builder, &rules::YAML_SYNTAX, message, at, label);
    let plain = &builder.last_plain;
    if matches!(
        kind,
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::UnclosedQuotedScalar
    ) {
        let quote = builder.text[builder.last_end..at].find(['"', '\'']);
        return match quote.map(|offset| builder.last_end + offset) {
            Some(quote) if quote < at => also(builder, finding, quote, "the quote opens here"),
            _ => finding,
        };
    }
    if let Some(bracket) = builder.open_bracket() {
        return also(builder, finding, bracket, "opened here");
    }
    if *kind == ErrorKind::MappingValueNotAllowed {
        if builder.text[plain.clone()].contains('\n') {
            return also(
                builder,
                finding,
                plain.start,
                "the value that begins here runs on",
            )
            .help("indent the key like its neighbours, or write `:` after the key before it");
        }
        if plain.end == at {
            return in_quotes(builder, finding, plain.start);
        }
    }
    if matches!(kind, ErrorKind::UnexpectedCharacter { .. }) {
        return in_quotes(builder, finding, at);
    }
    finding
}

/// Offers to put the rest of a line into quotes.
fn in_quotes(builder: &Builder<'_>, finding: Finding, at: usize) -> Finding {
    let line = builder.text[at..].lines().next().unwrap_or_default();
    let value = line.split(" #").next().unwrap_or_default().trim_end();
    if value.is_empty() || value.contains(['"', '\'']) {
        return finding;
    }
    finding
        .help("put quotes around the value if all of it is text")
        .edit(builder.span(&(at..at + value.len())), quoted(value))
}

fn also(builder: &Builder<'_>, finding: Finding, at: usize, label: &str) -> Finding {
    finding.mark(builder.span(&char_at(builder.text, at)), label)
}

/// A finding at one character.
fn mark(
    builder: &Builder<'_>,
    rule: &'static Rule,
    message: impl Into<String>,
    at: usize,
    label: impl Into<String>,
) -> Finding {
    Finding::new(rule, message).mark(builder.span(&char_at(builder.text, at)), label)
}

/// The character at a byte; at the end of the file, or of a line, nothing.
fn char_at(text: &str, at: usize) -> Range<usize> {
    let next = text[at..]
        .chars()
        .next()
        .filter(|c| !matches!(c, '\n' | '\r'));
    at..at + next.map_or(0, char::len_utf8)
}

/// Headline and label of a mistake in the syntax.
fn words(kind: &ErrorKind) -> (String, &'static str) {
    let (message, label) = match kind {
        ErrorKind::MappingValueNotAllowed => {
            ("a key is not possible here", "this `:` is one too many")
        }
        ErrorKind::ExpectedBlockMappingKey => (
            "a line does not fit the map around it",
            "indented like none of its neighbours",
        ),
        ErrorKind::InvalidIndentation => ("a line is indented wrongly", "here"),
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => (
            "a list item is not possible here",
            "put it on a line of its own",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("a line does not fit the list around it", "a `-` is missing")
        }
        ErrorKind::SimpleKeyExpected => ("a key has no value", "a `:` is missing"),
        ErrorKind::ExpectedFlowMappingSeparator => (
            "a `{` is not closed, or a comma is missing",
            "`,` or `}` is missing",
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => (
            "a `[` is not closed, or a comma is missing",
            "`,` or `]` is missing",
        ),
        ErrorKind::InvalidColonPlacement
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("a bracket is not closed", "still inside the brackets")
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("a bracket closes that was not opened", "this one")
        }
        ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            ("a bracket is closed by another kind of bracket", "this one")
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => {
            ("a quote is not closed", "still inside the quotes")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "something follows a closing quote",
            "quote all of the value, or nothing",
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "an escape in double quotes is not known",
            "single quotes take `\\` as it is",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("a value cannot begin with `{character}`");
            return (message, "put quotes around the value");
        }
        ErrorKind::UndeclaredTagHandle => ("a tag has an unknown prefix", "this tag"),
        ErrorKind::InvalidBlockScalarIndent => {
            ("a line of a text block is indented too little", "here")
        }
        ErrorKind::MissingAnchorOrAliasName => (
            "an `&` or `*` has no name",
            "put quotes around the value if it is text",
        ),
        other => return (other.to_string().to_lowercase(), "here"),
    };
    (message.to_owned(), label)
}
