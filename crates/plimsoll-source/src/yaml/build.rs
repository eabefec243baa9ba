//! From parser events to trees: anchors, aliases, merge keys, duplicate keys, tags, limits.

use crate::{Entry, FileId, Finding, Node, Origin, Span, Str, rules};
use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// How deep maps and lists may be nested, aliases included.
pub(super) const MAX_DEPTH: usize = 128;
/// How many values all aliases of a file may stand for together.
const MAX_ALIASED: usize = 1_000_000;

/// Builds the documents of one file, one event at a time.
pub(super) struct Builder<'a> {
    file: FileId,
    /// The text as the user wrote it.
    pub(super) text: &'a str,
    /// Places that the parser saw masked, in order.
    masked: &'a [Range<usize>],
    /// What is wrong so far.
    pub(super) findings: Vec<Finding>,
    /// The documents that are complete.
    pub(super) documents: Vec<Node>,
    open: Vec<Frame>,
    anchors: BTreeMap<usize, Option<Built>>,
    aliased: usize,
    /// The end of the last event that covers text.
    pub(super) last_end: usize,
    /// The last plain scalar.
    pub(super) last_plain: Range<usize>,
}

/// A value with what the limits need to know.
#[derive(Clone)]
struct Built {
    node: Node,
    /// Values in it, itself included.
    size: usize,
    /// Levels in it; of a scalar none.
    height: usize,
}

/// A map or list that is not closed yet.
struct Frame {
    start: usize,
    end: usize,
    flow: bool,
    anchor: usize,
    size: usize,
    height: usize,
    content: Content,
}

enum Content {
    Seq(Vec<Node>),
    Map {
        slots: Vec<Slot>,
        known: BTreeMap<Str, Origin>,
        key: Key,
    },
}

/// What a map holds while it is open.
enum Slot {
    Entry(Entry),
    Merge(Vec<Arc<[Entry]>>),
}

/// Where a map stands between a key and its value.
enum Key {
    /// The next node is a key.
    Awaited,
    /// The next node is the value of this key.
    Read(Str, Origin),
    /// The next node is what `<<` takes over.
    Merge(Origin),
    /// The key was not sure: the next node is dropped.
    Hole,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, text: &'a str, masked: &'a [Range<usize>]) -> Self {
        Self {
            file,
            text,
            masked,
            findings: Vec::new(),
            documents: Vec::new(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            aliased: 0,
            last_end: 0,
            last_plain: 0..0,
        }
    }

    /// Takes one event. False: the limits forbid to go on.
    pub(super) fn take(
        &mut self,
        event: Event<'_>,
        at: Range<usize>,
        tag_at: Range<usize>,
    ) -> bool {
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), &at, &tag_at);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", &tag_at);
                let content = Content::Map {
                    slots: Vec::new(),
                    known: BTreeMap::new(),
                    key: Key::Awaited,
                };
                return self.start(style, anchor, &at, content);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", &tag_at);
                return self.start(style, anchor, &at, Content::Seq(Vec::new()));
            }
            Event::MappingEnd | Event::SequenceEnd => self.end(at.end),
            Event::Alias(id) => self.alias(id, &at),
            Event::UnresolvedAlias(name) => {
                let message = format!("no value before this one is marked `&{name}`");
                self.report(
                    Finding::new(&rules::UNKNOWN_ANCHOR, message),
                    &at,
                    "unknown",
                );
                self.place(None, &at);
            }
            _ => {}
        }
        if !at.is_empty() {
            self.last_end = self.last_end.max(at.end);
        }
        true
    }

    /// Closes what is open after a syntax error: what was read completely stays.
    pub(super) fn abandon(&mut self) {
        while let Some(frame) = self.open.last() {
            let end = frame.end;
            self.end(end);
        }
    }

    /// Where the outermost open bracket or brace stands.
    pub(super) fn open_bracket(&self) -> Option<usize> {
        self.open
            .iter()
            .rfind(|frame| frame.flow)
            .map(|frame| frame.start)
    }

    /// A span of the file.
    pub(super) fn span(&self, at: &Range<usize>) -> Span {
        super::read::span(self.file, at)
    }

    pub(super) fn report(&mut self, finding: Finding, at: &Range<usize>, label: &str) {
        let span = self.span(at);
        self.findings.push(finding.mark(span, label));
    }

    fn start(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        at: &Range<usize>,
        content: Content,
    ) -> bool {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            self.report(
                Finding::new(&rules::TOO_DEEP, message),
                at,
                "one level too many",
            );
            return false;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.open.push(Frame {
            start: at.start,
            end: at.end,
            flow: style == StructureStyle::Flow,
            anchor,
            size: 1,
            height: 1,
            content,
        });
        true
    }

    /// Closes the innermost map or list.
    fn end(&mut self, at: usize) {
        let Some(frame) = self.open.pop() else { return };
        // The end of a block is where the next token begins, perhaps lines later: what it covers
        // ends with its last value.
        let range = frame.start..if frame.flow { at } else { frame.end };
        let origin = Origin::written(self.span(&range));
        let node = match frame.content {
            Content::Seq(items) => Node::Seq(origin, items.into()),
            Content::Map { slots, .. } => Node::Map(origin, merged(slots)),
        };
        let built = Built {
            node,
            size: frame.size,
            height: frame.height,
        };
        self.finish(built, frame.anchor, &range);
    }

    fn finish(&mut self, built: Built, anchor: usize, at: &Range<usize>) {
        if anchor != 0 {
            self.anchors.insert(anchor, Some(built.clone()));
        }
        self.place(Some(built), at);
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: &Range<usize>,
        tag_at: &Range<usize>,
    ) {
        let at = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block(at, tag_at),
            _ => at.clone(),
        };
        let origin = Origin::written(self.span(&at));
        let node = if style == ScalarStyle::Plain {
            self.last_plain = at.clone();
            Node::Plain(origin, self.plain(text, &at))
        } else {
            Node::Text(origin, Str::from(text))
        };
        let node = match tag {
            Some(tag) => self.tagged(node, tag, tag_at),
            None => node,
        };
        let built = Built {
            node,
            size: 1,
            height: 0,
        };
        self.finish(built, anchor, &at);
    }

    /// The text of a plain scalar: nothing where nothing is written, and what was masked unmasked.
    fn plain(&self, text: &str, at: &Range<usize>) -> Str {
        let mask = self.masked.binary_search_by(|mask| {
            if mask.end <= at.start {
                std::cmp::Ordering::Less
            } else if mask.start >= at.end {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
        match mask {
            _ if at.is_empty() => Str::default(),
            Ok(_) => Str::from(&self.text[at.clone()]),
            Err(_) => Str::from(text),
        }
    }

    /// A block scalar from its header to its last line that is not blank.
    fn block(&self, at: &Range<usize>, tag_at: &Range<usize>) -> Range<usize> {
        let from = self.last_end.max(tag_at.end).min(at.start);
        let (mut start, mut comment) = (at.start, false);
        for (offset, byte) in self.text.as_bytes()[from..at.start].iter().enumerate() {
            match byte {
                b'\n' => comment = false,
                b'#' => comment = true,
                b'|' | b'>' if !comment => {
                    start = from + offset;
                    break;
                }
                _ => {}
            }
        }
        start..start + self.text[start..at.end].trim_end().len()
    }

    fn alias(&mut self, id: usize, at: &Range<usize>) {
        let Some(Some(built)) = self.anchors.get(&id).cloned() else {
            let finding = Finding::new(
                &rules::ENDLESS_ALIAS,
                "an alias stands inside its own value",
            );
            self.report(finding, at, "this value contains itself");
            return self.place(None, at);
        };
        if self.open.len() + built.height > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            self.report(
                Finding::new(&rules::TOO_DEEP, message),
                at,
                "this alias goes too deep",
            );
            return self.place(None, at);
        }
        if self.aliased + built.size > MAX_ALIASED {
            let finding = Finding::new(
                &rules::ALIASES_TOO_LARGE,
                "the aliases of this file stand for more than 1,000,000 values",
            );
            if !self
                .findings
                .iter()
                .any(|f| f.rule.code == finding.rule.code)
            {
                self.report(finding, at, "this one is too many");
            }
            return self.place(None, at);
        }
        self.aliased += built.size;
        self.place(Some(built), at);
    }

    /// Puts a node where it belongs; nothing is a hole.
    fn place(&mut self, built: Option<Built>, at: &Range<usize>) {
        let Some(frame) = self.open.last_mut() else {
            self.documents.extend(built.map(|built| built.node));
            return;
        };
        frame.end = frame.end.max(at.end);
        if let Some(built) = &built {
            frame.size = frame.size.saturating_add(built.size);
            frame.height = frame.height.max(built.height + 1);
        }
        let node = built.map(|built| built.node);
        match &mut frame.content {
            Content::Seq(items) => items.extend(node),
            Content::Map { key, .. } => match std::mem::replace(key, Key::Awaited) {
                Key::Awaited => self.key(node, at),
                Key::Read(key, at) => self.value(key, at, node),
                Key::Merge(at) => self.merge(&at, node),
                Key::Hole => {}
            },
        }
    }

    /// Takes the key of an entry of the innermost map.
    fn key(&mut self, node: Option<Node>, at: &Range<usize>) {
        let read = match node {
            Some(Node::Plain(_, text)) if text.is_empty() => Err("a key is missing"),
            Some(Node::Plain(origin, text)) if text == "<<" => Ok(Key::Merge(origin)),
            Some(Node::Plain(..) | Node::Text(..)) => {
                let text = node
                    .and_then(|node| node.text().cloned())
                    .unwrap_or_default();
                Ok(Key::Read(text, Origin::written(self.span(at))))
            }
            Some(_) if !at.is_empty() => Err("a map, a list or a typed value is used as a key"),
            Some(_) => Err("a key is missing"),
            None => Ok(Key::Hole),
        };
        let next = read.unwrap_or_else(|message| {
            self.report(Finding::new(&rules::KEY_NOT_TEXT, message), at, "no key");
            Key::Hole
        });
        let Some(Content::Map { key, known, .. }) = self.open.last_mut().map(|f| &mut f.content)
        else {
            return;
        };
        let first = match &next {
            Key::Read(text, origin) => known.get(text).map(|first| (text, origin, first)),
            _ => None,
        };
        let Some((text, origin, first)) = first else {
            if let Key::Read(text, origin) = &next {
                known.insert(text.clone(), origin.clone());
            }
            *key = next;
            return;
        };
        let message = format!("the key `{text}` stands twice in one map");
        let finding = Finding::new(&rules::DUPLICATE_KEY, message)
            .mark_origin(origin, "the second time")
            .mark_origin(first, "the first time")
            .help("keep one of them");
        *key = Key::Hole;
        self.findings.push(finding);
    }

    fn value(&mut self, key: Str, at: Origin, node: Option<Node>) {
        if let (Some(value), Some(Content::Map { slots, .. })) =
            (node, self.open.last_mut().map(|frame| &mut frame.content))
        {
            slots.push(Slot::Entry(Entry { key, at, value }));
        }
    }

    /// Takes the value of `<<`.
    fn merge(&mut self, at: &Origin, node: Option<Node>) {
        let Some(node) = node else { return };
        let parts = match &node {
            Node::Seq(_, items) => items.iter().collect(),
            _ => vec![&node],
        };
        let maps: Option<Vec<_>> = parts
            .into_iter()
            .map(|part| match part {
                Node::Map(_, entries) => Some(Arc::clone(entries)),
                _ => None,
            })
            .collect();
        let Some(maps) = maps else {
            let finding =
                Finding::new(&rules::BAD_MERGE_KEY, "`<<` wants a map, or a list of maps");
            let label = format!("this is {}", node.shape());
            self.findings.push(
                finding
                    .mark_origin(node.origin(), label)
                    .mark_origin(at, "merged here"),
            );
            return;
        };
        if let Some(Content::Map { slots, .. }) = self.open.last_mut().map(|f| &mut f.content) {
            slots.push(Slot::Merge(maps));
        }
    }
}

/// The entries of a map in order, where keys of its own win over merged ones and earlier merged
/// ones over later.
fn merged(slots: Vec<Slot>) -> Arc<[Entry]> {
    let mut taken = BTreeSet::new();
    if slots.iter().any(|slot| matches!(slot, Slot::Merge(_))) {
        taken.extend(slots.iter().filter_map(|slot| match slot {
            Slot::Entry(entry) => Some(entry.key.clone()),
            Slot::Merge(_) => None,
        }));
    }
    let mut entries = Vec::with_capacity(slots.len());
    for slot in slots {
        match slot {
            Slot::Entry(entry) => entries.push(entry),
            Slot::Merge(maps) => {
                let theirs = maps.iter().flat_map(|map| map.iter());
                entries.extend(theirs.filter(|e| taken.insert(e.key.clone())).cloned());
            }
        }
    }
    entries.into()
}
