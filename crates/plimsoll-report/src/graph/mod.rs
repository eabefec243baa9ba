//! The picture of an application: what it is made of, and what uses what.

mod layout;
mod svg;
mod text;

pub use svg::svg;
pub use text::text;

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Where requests come in.
    Route,
    /// Pods of ours that serve or work.
    Service,
    /// Work that ends.
    Job,
    /// Data.
    Store,
    /// A component around the application.
    Platform,
    /// Outside of the cluster.
    External,
}

/// A box.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name, unique in the picture.
    pub id: String,
    /// What it stands for.
    pub shape: Shape,
    /// The line below the name: `postgres 17 · 3 pods`.
    pub detail: String,
    /// The frame that it stands in: a namespace, or nothing for the outside.
    pub frame: Option<String>,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who uses.
    pub from: String,
    /// What is used.
    pub to: String,
    /// What stands at the arrow: a port, a path; may be empty.
    pub label: String,
}

/// Boxes and arrows. Arrows whose ends are no boxes are left out of drawings.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The heading.
    pub title: String,
    /// The boxes, in the order of the file.
    pub nodes: Vec<Node>,
    /// The arrows.
    pub edges: Vec<Edge>,
}
