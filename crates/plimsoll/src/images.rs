//! Images of an application file, and edits of it that change them: comments and layout stay, and
//! nothing else changes.

use crate::exit::Failure;
use crate::prepare;
use crate::project;
use plimsoll_source::place::put;
use plimsoll_source::{Findings, Node, Sources, edit, yaml};
use plimsoll_spec::App;
use plimsoll_spec::app::Image;
use plimsoll_spec::load::Loaded;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The application file with changes that are not written yet.
pub struct Draft {
    path: PathBuf,
    /// The text as it is on the disk.
    pub before: String,
    /// The text with the changes.
    pub text: String,
}

/// Images of an environment: thing → image.
pub type Images = BTreeMap<String, String>;

impl Draft {
    /// The file as it is.
    pub fn open(path: PathBuf) -> Result<Self, Failure> {
        use anyhow::Context;
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        Ok(Self {
            path,
            before: text.clone(),
            text,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says with the changes.
    pub fn loaded(&self) -> Result<Loaded, Failure> {
        let loaded = prepare::read_as(&self.path, &self.text);
        if loaded.findings.any_error() {
            let text = plimsoll_source::render::short(&loaded.findings, &loaded.sources);
            return Err(Failure::usage(format!(
                "the file has mistakes, so nothing is changed\n{}",
                text.trim_end()
            )));
        }
        Ok(loaded)
    }

    /// Makes a key hold a value.
    pub fn put(&mut self, path: &[&str], value: &str) -> Result<(), Failure> {
        let (root, _) = self.root()?;
        let change = put(&root, &self.text, path, value);
        let change = change.map_err(|error| {
            Failure::usage(format!("`{}` cannot be set: {error}", path.join(".")))
        })?;
        self.text = edit::apply(&self.text, [&change])?;
        Ok(())
    }

    /// What stands at a key of the file itself.
    pub fn at(&self, path: &[&str]) -> Result<Option<Node>, Failure> {
        let (root, _) = self.root()?;
        Ok(root.at(path).cloned())
    }

    fn root(&self) -> Result<(Node, Sources), Failure> {
        let mut sources = Sources::default();
        let file = sources.add(project::shown(&self.path), self.text.as_str());
        let root = yaml::read_one(&sources, file, &mut Findings::default());
        let root = root.ok_or_else(|| Failure::usage("the file holds nothing"))?;
        Ok((root, sources))
    }

    /// Sets the tag of all images of ours, or the image of one thing, in one environment or at the
    /// top.
    pub fn set(&mut self, environment: Option<&str>, change: &Change) -> Result<(), Failure> {
        let layer: Vec<&str> = environment.map_or_else(Vec::new, |name| vec!["environments", name]);
        let path = |rest: &[&'static str]| -> Vec<&str> { [&layer, rest].concat() };
        match change {
            Change::Tag(tag) => self.put(&path(&["images", "tag"]), tag),
            Change::Whole(service, image) => {
                let key = [&layer[..], &["services", service, "image"]].concat();
                self.put(&key, image)
            }
            Change::TagOf(service, tag) => {
                let key = [&layer[..], &["services", service, "image"]].concat();
                match self.at(&key)? {
                    // Written as one text: its name stays.
                    Some(node) if node.text().is_some_and(|text| !text.is_empty()) => {
                        let text = node.text().expect("it has just been asked").clone();
                        let (name, ..) = plimsoll_spec::shape::short::image_parts(&text);
                        self.put(&key, &tag.after(name))
                    }
                    _ => self.put(&[&key[..], &[tag.key()]].concat(), tag.value()),
                }
            }
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This tag for all images of ours.
    Tag(String),
    /// This tag or digest for one service.
    TagOf(String, Version),
    /// This image for one service.
    Whole(String, String),
}

/// A tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// `1.4.3`
    Tag(String),
    /// `sha256:…`
    Digest(String),
}

impl Version {
    fn key(&self) -> &'static str {
        match self {
            Self::Tag(_) => "tag",
            Self::Digest(_) => "digest",
        }
    }

    fn value(&self) -> &str {
        match self {
            Self::Tag(value) | Self::Digest(value) => value,
        }
    }

    fn after(&self, name: &str) -> String {
        match self {
            Self::Tag(tag) => format!("{name}:{tag}"),
            Self::Digest(digest) => format!("{name}@{digest}"),
        }
    }
}

/// `TAG`, `SERVICE=TAG`, `SERVICE=sha256:…` or `SERVICE=IMAGE`.
impl std::str::FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let tag = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let is_tag = !text.is_empty() && text.len() <= 128 && text.chars().all(fits);
            (is_tag && !text.starts_with(['.', '-'])).then(|| text.to_owned())
        };
        match text.split_once('=') {
            None => tag(text)
                .map(Self::Tag)
                .ok_or_else(|| format!("`{text}` is no tag; write TAG or SERVICE=IMAGE")),
            Some((service, image)) if service.is_empty() || image.is_empty() => {
                Err("write it as SERVICE=IMAGE, such as `api=1.4.3`".to_owned())
            }
            Some((service, image)) => {
                let service = service.to_owned();
                Ok(if image.starts_with("sha256:") {
                    Self::TagOf(service, Version::Digest(image.to_owned()))
                } else if let Some(tag) = tag(image) {
                    Self::TagOf(service, Version::Tag(tag))
                } else {
                    Self::Whole(service, image.to_owned())
                })
            }
        }
    }
}

/// The images of ours in an environment.
pub fn of(app: &App) -> Images {
    let mut images = Images::new();
    for (name, service) in &app.services {
        images.insert(name.to_string(), image(app, &service.image));
    }
    images
}

fn image(app: &App, image: &Image) -> String {
    let mut text = image.name.peek().to_string();
    match (image.tag.peek(), image.digest.peek()) {
        (None, None) => {
            if let Some(tag) = app.images.tag.peek() {
                text = format!("{text}:{tag}");
            }
        }
        (tag, digest) => {
            text.extend(tag.iter().map(|tag| format!(":{tag}")));
            text.extend(digest.iter().map(|digest| format!("@{digest}")));
        }
    }
    text
}

/// The images of every environment that could be read.
pub fn of_all(loaded: &Loaded) -> BTreeMap<String, Images> {
    let environments = loaded.environments.iter();
    environments
        .filter_map(|env| Some((env.name.to_string(), of(env.app.as_ref()?))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_by_its_form() {
        let parse = |text: &str| text.parse::<Change>().expect("a change");
        assert_eq!(parse("1.4.3"), Change::Tag("1.4.3".into()));
        assert_eq!(
            parse("api=v2"),
            Change::TagOf("api".into(), Version::Tag("v2".into()))
        );
        let digest = "sha256:00".to_owned();
        assert_eq!(
            parse("api=sha256:00"),
            Change::TagOf("api".into(), Version::Digest(digest))
        );
        assert_eq!(
            parse("api=h/a:v2"),
            Change::Whole("api".into(), "h/a:v2".into())
        );
        for wrong in ["", "=1", "api=", "a b", "-x"] {
            wrong.parse::<Change>().expect_err(wrong);
        }
    }
}
