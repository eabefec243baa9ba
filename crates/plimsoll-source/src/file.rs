//! Source files and places in them.

use crate::Str;
use std::sync::Arc;

/// Number of a file within one [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Bytes `start..end` of a file. Bytes, not characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place as a person counts: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One text that values come from: a file of the user, or a flag such as `--set`.
#[derive(Debug)]
pub struct SourceFile {
    /// Path as the user would write it, or the flag.
    pub name: Str,
    /// The whole text.
    pub text: Str,
    line_starts: Vec<u32>,
}

/// Every text of one run, numbered in the order of reading. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// Adds a text and numbers it.
    pub fn add(&mut self, name: impl Into<Str>, text: impl Into<Str>) -> FileId {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| offset(at + 1)))
            .collect();
        self.files.push(Arc::new(SourceFile {
            name: name.into(),
            text,
            line_starts,
        }));
        FileId(offset(self.files.len() - 1))
    }

    /// The file of that number.
    ///
    /// # Panics
    /// If the number is of another [`Sources`]: our bug.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, file)| (FileId(offset(at)), &**file))
    }

    /// The text between the ends of a span.
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.file).text[span.start as usize..span.end as usize]
    }

    /// Line and column of the start of a span.
    pub fn position(&self, span: Span) -> Position {
        self.file(span.file).position(span.start)
    }
}

impl SourceFile {
    /// Line and column of a byte.
    pub fn position(&self, byte: u32) -> Position {
        let line = self
            .line_starts
            .partition_point(|start| *start <= byte)
            .max(1)
            - 1;
        let start = self.line_starts[line] as usize;
        let before = &self.text[start..(byte as usize).max(start)];
        Position {
            line: offset(line + 1),
            column: offset(before.chars().count() + 1),
        }
    }

    /// First byte of a line, which counts from 1.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.line_starts.get(line.checked_sub(1)? as usize).copied()
    }
}

/// Offsets are 32 bits: the loader refuses files that are larger.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("the loader refuses texts over 4 GiB")
}
