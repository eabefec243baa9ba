//! Files of the project, read once.

use plimsoll_source::{FileId, Findings, Node, Sources, Str, yaml};
use std::collections::BTreeMap;

/// Where files of a project are found. Paths are relative to the application file.
pub trait Files {
    /// The content of a file; nothing if there is none.
    ///
    /// # Errors
    /// What the system says when a file that is there cannot be read.
    fn read(&self, path: &str) -> std::io::Result<Option<String>>;

    /// Files that a pattern finds, sorted. `*` is within a folder, `**` across folders.
    fn glob(&self, pattern: &str) -> Vec<String>;
}

/// Files of the project, read once and numbered.
pub struct Texts<'a> {
    files: &'a dyn Files,
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
    /// Files of a project.
    pub fn new(
        files: &'a dyn Files,
        sources: &'a mut Sources,
        known: &'a mut BTreeMap<Str, Option<FileId>>,
    ) -> Self {
        Self {
            files,
            sources,
            known,
        }
    }

    /// The file at a path, if it can be read.
    pub fn file(&mut self, path: &str) -> Option<FileId> {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let text = self.files.read(path).ok().flatten();
        let file = text.map(|text| self.sources.add(path, text));
        self.known.insert(path.into(), file);
        file
    }

    /// Paths that a pattern finds.
    pub fn glob(&self, pattern: &str) -> Vec<String> {
        self.files.glob(pattern)
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
