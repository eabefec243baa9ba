//! Tags: those of the core schema are obeyed, others are findings.

use super::build::Builder;
use super::core::{self, Core};
use crate::{Finding, Node, rules};
use granit_parser::Tag;
use std::ops::Range;

impl Builder<'_> {
    /// A scalar with a tag.
    pub(super) fn tagged(&mut self, node: Node, tag: &Tag, tag_at: &Range<usize>) -> Node {
        let (origin, text) = match node {
            Node::Plain(origin, text) | Node::Text(origin, text) => (origin, text),
            other => return other,
        };
        let kind = match tag.core_suffix() {
            Some(kind) => kind,
            None if tag.handle().is_empty() && tag.suffix() == "!" => "str",
            None => "",
        };
        match (kind, core::of(&text)) {
            ("str", _) => Node::Text(origin, text),
            ("null", Core::Null) => Node::Null(origin),
            ("bool", Core::Bool(value)) => Node::Bool(origin, value),
            ("int", Core::Int(value)) => Node::Int(origin, value),
            ("float", Core::Float(value)) => Node::Float(origin, value),
            // A whole number that asks for a fraction keeps its digits.
            ("float", Core::Int(_)) => Node::Plain(origin, text),
            ("null" | "bool" | "int" | "float" | "map" | "seq", _) => {
                let message = format!("`!!{kind}` does not fit the value");
                let finding = Finding::new(&rules::TAG_DOES_NOT_FIT, message)
                    .mark_origin(&origin, format!("this is not `!!{kind}`"));
                self.report(finding, tag_at, "the tag");
                Node::Plain(origin, text)
            }
            _ => {
                self.unknown_tag(tag, tag_at);
                Node::Plain(origin, text)
            }
        }
    }

    /// A tag of a map or list.
    pub(super) fn check_tag(&mut self, tag: Option<&Tag>, want: &str, at: &Range<usize>) {
        let Some(tag) = tag else { return };
        match tag.core_suffix() {
            Some(kind) if kind == want => {}
            None if tag.handle().is_empty() && tag.suffix() == "!" => {}
            Some(kind) => {
                let message = format!("`!!{kind}` does not fit the value");
                self.report(
                    Finding::new(&rules::TAG_DOES_NOT_FIT, message),
                    at,
                    "the tag",
                );
            }
            None => self.unknown_tag(tag, at),
        }
    }

    fn unknown_tag(&mut self, tag: &Tag, at: &Range<usize>) {
        let message = format!("the tag `{}` is not known", tag.original());
        let blanks = self.text[at.end..]
            .bytes()
            .take_while(|b| *b == b' ')
            .count();
        let span = self.span(&(at.start..at.end + blanks));
        let finding = Finding::new(&rules::UNKNOWN_TAG, message)
            .help("remove the tag")
            .edit(span, "");
        self.report(finding, at, "not one of YAML's core schema");
    }
}
