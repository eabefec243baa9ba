//! Images, and where ours come from.

use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

/// An image: `NAME[:TAG][@DIGEST]`, or its parts.
#[derive(Clone, Debug, Spec)]
#[spec(short_with = crate::shape::short::image)]
pub struct Image {
    /// Name. A part before the first `/` that has `.` or `:` is a registry, and the name is used
    /// as it is; else `images.registry` goes before.
    #[spec(shown = "the name of the thing", over = "tag digest")]
    pub name: Knob<Str>,
    /// Tag; without one, of ours, `images.tag`.
    #[spec(over = "digest")]
    pub tag: Knob<Option<Str>>,
    /// Digest, `sha256:…`; beside a tag it is the digest that counts.
    pub digest: Knob<Option<Str>>,
    /// When it is pulled: `Always`, `IfNotPresent`, `Never`.
    pub policy: Knob<Option<Str>>,
    /// Whole image, as one handle.
    #[spec(handle)]
    pub handle: plimsoll_source::Handle,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Where our images come from. Images of stores are never touched.
#[derive(Clone, Debug, Spec)]
pub struct Images {
    /// Goes before every name that has no registry; those are ours.
    pub registry: Knob<Option<Str>>,
    /// Tag of every image of ours that has neither tag nor digest. A cluster is never given
    /// `latest`.
    pub tag: Knob<Option<Str>>,
    /// Secret to pull with: one of `secrets` with `kind: registry`, or `{ secret }`, one that exists.
    pub pull: Option<Pull>,
    /// Resolve tags to digests when rendering.
    #[spec(default = "false")]
    pub digests: Sourced<bool>,
}

/// Secret to pull images with. One of the two is there.
#[derive(Clone, Debug, Spec)]
#[spec(short = "name")]
pub struct Pull {
    /// One of `secrets`, with `kind: registry`.
    #[spec(over = "secret")]
    pub name: Option<Sourced<Str>>,
    /// Name of a Secret that exists.
    #[spec(over = "name")]
    pub secret: Option<Sourced<Str>>,
    /// The handle `images.pull`.
    #[spec(handle)]
    pub handle: plimsoll_source::Handle,
}

/// Source of an image, for CI and Compose.
#[derive(Clone, Debug, Spec)]
#[spec(short = "context")]
pub struct Build {
    /// Folder that is sent to the builder.
    #[spec(default = ".")]
    pub context: Sourced<Str>,
    /// Dockerfile, relative to the context.
    #[spec(default = "Dockerfile")]
    pub file: Sourced<Str>,
    /// Stage to build.
    pub target: Option<Sourced<Str>>,
    /// Arguments of the build.
    pub args: indexmap::IndexMap<Str, Sourced<Str>>,
}
