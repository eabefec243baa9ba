//! The loader: text to trees in which every key and value knows its bytes.
//!
//! The parser stops at the first mistake. The loader then hides what is wrong (same length, so
//! that every byte stays where it is) and parses again, and so finds the mistakes behind it.

use super::build::{Builder, MAX_DEPTH};
use super::syntax::{self, Repair};
use crate::{FileId, Finding, Findings, Node, Sources, Span, Str, rules};
use granit_parser::{Options, Parser, options};
use std::ops::Range;

/// Larger files are not read.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How often a file is parsed again behind a mistake, and how many bytes that may cost.
const MAX_ROUNDS: usize = 100;
const MAX_PARSED: usize = 64 * 1024 * 1024;

/// Reads the documents of a file.
///
/// Where the text is broken, what is certain stands in the tree and the rest is missing. If there
/// are new findings, a missing key therefore proves nothing: report what is there and wrong, not
/// what is absent.
pub fn read(sources: &Sources, file: FileId, findings: &mut Findings) -> Vec<Node> {
    let text = &sources.file(file).text;
    if text.len() > MAX_BYTES {
        let finding = Finding::new(&rules::FILE_TOO_LARGE, "the file is larger than 16 MiB");
        findings.report(finding.mark(span(file, &(0..0)), "the file"));
        return Vec::new();
    }
    let mut hidden = Hidden {
        text: text.to_string(),
        ..Hidden::default()
    };
    let mut rounds = 0;
    loop {
        rounds += 1;
        hidden.may_repair = rounds < MAX_ROUNDS && rounds * text.len() < MAX_PARSED;
        let mut builder = Builder::new(file, text, &hidden.variables);
        let repair = parse(&hidden, &mut builder);
        let (built, documents) = (builder.findings, builder.documents);
        if let Some(found) = repair {
            hidden.hide(found);
            continue;
        }
        let all = hidden.findings.into_iter().chain(built);
        all.for_each(|finding| findings.report(finding));
        return documents;
    }
}

/// Reads a file that holds one document; nothing if it is empty, which is a finding.
pub fn read_one(sources: &Sources, file: FileId, findings: &mut Findings) -> Option<Node> {
    let mut documents = read(sources, file, findings).into_iter();
    let first = documents.next();
    let place = |node: &Node| node.origin().place();
    if let Some(at) = documents.next().as_ref().and_then(place) {
        let at = Span {
            end: at.start,
            ..at
        };
        let finding = Finding::new(&rules::SEVERAL_DOCUMENTS, "the file has several documents");
        findings.report(finding.mark(at, "the second one begins here"));
    }
    if first.as_ref().is_none_or(Node::is_null) && !findings.any_error() {
        let finding = Finding::new(&rules::EMPTY_FILE, "the file is empty");
        findings.report(finding.mark(span(file, &(0..0)), "nothing here"));
        return None;
    }
    first
}

/// Adds the bytes of a file; those that are not UTF-8 are a finding, and replaced.
pub fn decode(
    sources: &mut Sources,
    name: impl Into<Str>,
    bytes: &[u8],
    findings: &mut Findings,
) -> FileId {
    let text = String::from_utf8_lossy(bytes);
    let file = sources.add(name, text.as_ref());
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
        let finding = Finding::new(&rules::NOT_UTF8, "the file is not UTF-8 text");
        findings.report(finding.mark(span(file, &(at..end)), "not a character"));
    }
    file
}

/// A range of a file that passed the limit of size.
pub(super) fn span(file: FileId, at: &Range<usize>) -> Span {
    let offset = |at| u32::try_from(at).expect("larger files are refused");
    Span {
        file,
        start: offset(at.start),
        end: offset(at.end),
    }
}

/// The text as the parser sees it, and what is known of its mistakes.
#[derive(Default)]
pub(super) struct Hidden {
    /// The text with the mistakes hidden.
    pub(super) text: String,
    /// Scalars with `${…}` that were hidden so that they are plain, in order.
    pub(super) variables: Vec<Range<usize>>,
    /// Lines that were blanked, in order of finding.
    pub(super) lines: Vec<Range<usize>>,
    /// What was found in them.
    findings: Vec<Finding>,
    /// Whether another round is allowed.
    may_repair: bool,
}

impl Hidden {
    /// Hides a mistake, so that the next round passes it.
    fn hide(&mut self, found: (Finding, Repair)) {
        let (finding, repair) = found;
        self.findings.push(finding);
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        match repair {
            Repair::Variables { scalar, braces } => {
                for at in braces {
                    bytes[at] = b'_';
                }
                let at = self.variables.partition_point(|v| v.start < scalar.start);
                self.variables.insert(at, scalar);
            }
            Repair::Lines(lines) => {
                for byte in bytes[lines.clone()]
                    .iter_mut()
                    .filter(|b| !b"\r\n".contains(b))
                {
                    *byte = b' ';
                }
                self.lines.push(lines);
            }
        }
        self.text = String::from_utf8(bytes).expect("whole characters are replaced by ASCII");
    }
}

/// Parses all documents, or up to a mistake that can be hidden.
fn parse(hidden: &Hidden, builder: &mut Builder<'_>) -> Option<(Finding, Repair)> {
    let mut parser = Parser::new_from_str_with_options(&hidden.text, parser_options());
    while let Some(next) = parser.next_event() {
        let go_on = match next {
            Ok((event, at)) => {
                let tag = at.tag_span().unwrap_or_default();
                let (at, tag) = (whole(builder.text, at), whole(builder.text, tag));
                builder.take(event, at, tag)
            }
            Err(error) => {
                match syntax::diagnose(hidden, builder, &error) {
                    Some((finding, Some(repair))) if hidden.may_repair => {
                        return Some((finding, repair));
                    }
                    Some((finding, _)) => builder.findings.push(finding),
                    None => {}
                }
                false
            }
        };
        if !go_on {
            builder.abandon();
            if !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
    }
    builder.abandon();
    None
}

/// The bytes of an event, widened to whole characters: in lines that were hidden, the parser sees
/// blanks in the middle of what were wide ones.
fn whole(text: &str, at: granit_parser::Span) -> Range<usize> {
    let at = at.byte_range().unwrap_or_default();
    let start = text.floor_char_boundary(at.start);
    start..text.ceil_char_boundary(at.end).max(start)
}

fn parser_options() -> Options {
    options! {
        emit_unresolved_aliases: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}
