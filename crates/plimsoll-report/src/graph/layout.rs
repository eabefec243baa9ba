//! Where boxes stand: a column by how far requests have come, a band for each frame.

use super::{Picture, Shape};
use std::collections::{BTreeMap, BTreeSet};

/// A picture with places, in pixels.
pub(super) struct Layout {
    /// Left and top of each box, in the order of the picture's nodes.
    pub places: Vec<(f64, f64)>,
    /// Frames: name, left, top, width, height.
    pub frames: Vec<(String, f64, f64, f64, f64)>,
    /// Width of all.
    pub width: f64,
    /// Height of all.
    pub height: f64,
}

/// Size of a box.
pub(super) const BOX: (f64, f64) = (190.0, 54.0);
/// Between boxes: to the right, and down.
const GAP: (f64, f64) = (86.0, 22.0);
/// Around all, and inside a frame above its boxes.
const MARGIN: f64 = 28.0;
const HEADING: f64 = 64.0;
const FRAME_HEAD: f64 = 30.0;
const FRAME_PAD: f64 = 16.0;

/// Places every box of a picture.
pub(super) fn layout(picture: &Picture) -> Layout {
    let columns = columns(picture);
    let bands = bands(picture, &columns);
    let mut places = vec![(0.0, 0.0); picture.nodes.len()];
    let (mut frames, mut top) = (Vec::new(), HEADING);
    let across = columns.iter().max().map_or(1, |last| last + 1);
    let width = pixels(across) * (BOX.0 + GAP.0) - GAP.0;
    for (frame, rows) in &bands {
        let head = if frame.is_some() { FRAME_HEAD } else { 0.0 };
        let deepest = rows.values().map(Vec::len).max().unwrap_or(0);
        let height = head + pixels(deepest) * (BOX.1 + GAP.1) - GAP.1 + 2.0 * FRAME_PAD;
        for (column, nodes) in rows {
            // Short columns stand in the middle of their band.
            let free = pixels(deepest - nodes.len()) * (BOX.1 + GAP.1) / 2.0;
            for (row, node) in nodes.iter().enumerate() {
                places[*node] = (
                    MARGIN + FRAME_PAD + pixels(*column) * (BOX.0 + GAP.0),
                    top + head + FRAME_PAD + free + pixels(row) * (BOX.1 + GAP.1),
                );
            }
        }
        if let Some(name) = frame {
            frames.push((name.clone(), MARGIN, top, width + 2.0 * FRAME_PAD, height));
        }
        top += height + GAP.1;
    }
    Layout {
        places,
        frames,
        width: width + 2.0 * (MARGIN + FRAME_PAD),
        height: top + MARGIN,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has far fewer than 2^52 boxes"
)]
fn pixels(count: usize) -> f64 {
    count as f64
}

/// The column of each node: the longest way from where requests come in. Arrows that close a
/// circle do not count; what is only used stands right of who uses it.
fn columns(picture: &Picture) -> Vec<usize> {
    let index: BTreeMap<&str, usize> = picture
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (node.id.as_str(), at))
        .collect();
    let mut next = vec![Vec::new(); picture.nodes.len()];
    for edge in &picture.edges {
        if let (Some(from), Some(to)) = (index.get(&*edge.from), index.get(&*edge.to)) {
            next[*from].push(*to);
        }
    }
    let mut columns: Vec<usize> = vec![0; picture.nodes.len()];
    let mut order: Vec<usize> = (0..picture.nodes.len()).collect();
    order.sort_by_key(|at| (picture.nodes[*at].shape, *at));
    for start in order {
        push(start, &next, &mut columns, &mut BTreeSet::new());
    }
    let routed = picture.nodes.iter().any(|node| node.shape == Shape::Route);
    for (at, node) in picture.nodes.iter().enumerate() {
        if routed && node.shape != Shape::Route && columns[at] == 0 {
            columns[at] = 1;
            push(at, &next, &mut columns, &mut BTreeSet::new());
        }
    }
    columns
}

fn push(at: usize, next: &[Vec<usize>], columns: &mut [usize], path: &mut BTreeSet<usize>) {
    path.insert(at);
    for to in &next[at] {
        if !path.contains(to) && columns[*to] <= columns[at] {
            columns[*to] = columns[at] + 1;
            push(*to, next, columns, path);
        }
    }
    path.remove(&at);
}

type Band = BTreeMap<usize, Vec<usize>>;

/// Frames from top to bottom, each with the nodes of its columns. What has no frame stands in the
/// frame of the column's neighbours if there is only one, else in a band of its own at the bottom.
fn bands(picture: &Picture, columns: &[usize]) -> Vec<(Option<String>, Band)> {
    let mut frames: Vec<(Option<String>, Band)> = Vec::new();
    for (at, node) in picture.nodes.iter().enumerate() {
        let place = frames.iter().position(|(frame, _)| *frame == node.frame);
        let place = place.unwrap_or_else(|| {
            frames.push((node.frame.clone(), Band::new()));
            frames.len() - 1
        });
        frames[place].1.entry(columns[at]).or_default().push(at);
    }
    frames.sort_by_key(|(frame, band)| {
        let first = band.keys().next().copied().unwrap_or(0);
        // Routes stand on top; what lies outside of the cluster at the bottom.
        let outside = frame.is_none() && first > 0;
        (outside, frame.is_some(), first)
    });
    for (_, band) in &mut frames {
        untangle(picture, band);
    }
    frames
}

/// Orders the nodes of each column by the mean place of those that point at them.
fn untangle(picture: &Picture, band: &mut Band) {
    let columns: Vec<usize> = band.keys().copied().collect();
    for pair in columns.windows(2) {
        let before: BTreeMap<&str, usize> = band[&pair[0]]
            .iter()
            .enumerate()
            .map(|(row, at)| (picture.nodes[*at].id.as_str(), row))
            .collect();
        let weight = |at: &usize| {
            let id = &picture.nodes[*at].id;
            let rows: Vec<usize> = picture
                .edges
                .iter()
                .filter(|edge| edge.to == *id)
                .filter_map(|edge| before.get(edge.from.as_str()).copied())
                .collect();
            match rows.len() {
                0 => usize::MAX,
                count => rows.iter().sum::<usize>() * 1000 / count,
            }
        };
        if let Some(nodes) = band.get_mut(&pair[1]) {
            nodes.sort_by_key(weight);
        }
    }
}
