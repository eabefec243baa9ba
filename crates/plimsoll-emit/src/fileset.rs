//! Files in memory.

use std::collections::BTreeMap;

/// Files by their path, with `/` between folders, relative to where they will be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSet {
    files: BTreeMap<String, Vec<u8>>,
}

impl FileSet {
    /// Adds a file.
    ///
    /// # Panics
    /// If there is one of that path already: two outputs would overwrite each other.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let path = path.into();
        let known = self.files.insert(path.clone(), bytes.into());
        assert!(known.is_none(), "two files at {path}");
    }

    /// Adds all files of another set.
    ///
    /// # Panics
    /// If both have a file of one path.
    pub fn extend(&mut self, other: Self) {
        for (path, bytes) in other.files {
            self.add(path, bytes);
        }
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
