//! A picture as lines of text, for terminals and diffs.

use super::{Node, Picture, Shape};
use std::fmt::Write;

/// Draws a picture: each box with what it uses below it, by frame.
pub fn text(picture: &Picture) -> String {
    let mut out = format!("{}\n", picture.title);
    let mut frames: Vec<&Option<String>> = Vec::new();
    for node in &picture.nodes {
        if !frames.contains(&&node.frame) {
            frames.push(&node.frame);
        }
    }
    for frame in frames {
        let heading = frame
            .as_ref()
            .map_or("outside".to_owned(), |name| format!("namespace {name}"));
        let _ = writeln!(out, "\n{heading}");
        for node in picture.nodes.iter().filter(|node| node.frame == *frame) {
            draw(picture, node, &mut out);
        }
    }
    out
}

fn draw(picture: &Picture, node: &Node, out: &mut String) {
    let mark = match node.shape {
        Shape::Route => "→",
        Shape::Service => "■",
        Shape::Job => "▷",
        Shape::Store => "●",
        Shape::Platform => "◆",
        Shape::External => "○",
    };
    let line = format!("  {mark} {}  {}", node.id, node.detail);
    let _ = writeln!(out, "{}", line.trim_end());
    let edges: Vec<_> = picture
        .edges
        .iter()
        .filter(|edge| edge.from == node.id)
        .collect();
    for (at, edge) in edges.iter().enumerate() {
        let branch = if at + 1 == edges.len() { "└" } else { "├" };
        let line = format!("    {branch}─▶ {}  {}", edge.to, edge.label);
        let _ = writeln!(out, "{}", line.trim_end());
    }
}
