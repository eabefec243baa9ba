//! Files of the project, read once.

use plimsoll_source::{FileId, Findings, Node, Sources, Str, yaml};
use std::collections::BTreeMap;

/// Where files of a project are found, by paths that begin as that of the application file does.
pub trait Files {
    /// The content of a file; nothing if there is none.
    ///
    /// # Errors
    /// What the system says when a file that is there cannot be read.
    fn read(&self, path: &str) -> std::io::Result<Option<String>>;

    /// Files that a pattern finds, sorted. `*` is within a folder, `**` across folders.
    fn glob(&self, pattern: &str) -> Vec<String>;
}

/// Files of the project, read once and numbered. Paths are relative to the application file, wherever
/// the program was started.
pub struct Texts<'a> {
    files: &'a dyn Files,
    folder: Option<&'a str>,
    sources: &'a mut Sources,
    known: &'a mut BTreeMap<Str, Option<FileId>>,
}

impl std::fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl<'a> Texts<'a> {
    /// Files of a project whose application file stands in a folder, if not in the current one.
    pub fn new(
        files: &'a dyn Files,
        folder: Option<&'a str>,
        sources: &'a mut Sources,
        known: &'a mut BTreeMap<Str, Option<FileId>>,
    ) -> Self {
        Self {
            files,
            folder,
            sources,
            known,
        }
    }

    /// The file at a path, if it can be read.
    pub fn file(&mut self, path: &str) -> Option<FileId> {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let full = self.full(path);
        let text = self.files.read(&full).ok().flatten();
        let file = text.map(|text| self.sources.add(full, text));
        self.known.insert(path.into(), file);
        file
    }

    /// Paths that a pattern finds.
    pub fn glob(&self, pattern: &str) -> Vec<String> {
        let found = self.files.glob(&self.full(pattern)).into_iter();
        let before = self.full("");
        let inside = |path: String| {
            path.strip_prefix(&before)
                .map_or(path.clone(), str::to_owned)
        };
        found.map(inside).collect()
    }

    fn full(&self, path: &str) -> String {
        match self.folder {
            None => path.to_owned(),
            Some(folder) => format!("{folder}/{path}"),
        }
    }

    /// Everything that was read.
    pub fn sources(&self) -> &Sources {
        self.sources
    }

    /// The YAML documents of a file.
    pub fn documents(&mut self, path: &str, findings: &mut Findings) -> Vec<Node> {
        match self.file(path) {
            Some(file) => yaml::read(self.sources, file, findings),
            None => Vec::new(),
        }
    }

    /// The one YAML document of a file.
    pub fn document(&mut self, path: &str, findings: &mut Findings) -> Option<Node> {
        let file = self.file(path)?;
        yaml::read_one(self.sources, file, findings)
    }
}
