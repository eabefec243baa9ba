//! Files that a program finds.

use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::Template;

/// A file in the container. A change of it rolls the pods.
#[derive(Clone, Debug, Spec)]
#[spec(short = "text")]
pub struct ConfigFile {
    /// Its content. Of `file` the content of that file.
    #[spec(shown = "the content of `file`")]
    pub text: Template,
    /// File of the project to take the content from, relative to the application file.
    pub file: Option<Sourced<Str>>,
    /// Whether `${…}` in `file` is replaced; in `text` it always is.
    #[spec(default = "false")]
    pub template: Sourced<bool>,
    /// Mode, octal, `0644`.
    #[spec(default = "0644")]
    pub mode: Sourced<Str>,
    /// `false`: fixed name, mounted as a folder; the program reads it again by itself.
    #[spec(default = "true")]
    pub roll: Sourced<bool>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}
