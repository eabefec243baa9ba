//! A picture as SVG: no scripts, no fonts to load, readable on light and dark pages.

use super::layout::{BOX, layout};
use super::{Picture, Shape};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Fill, border and mark of a shape.
fn look(shape: Shape) -> (&'static str, &'static str, &'static str) {
    match shape {
        Shape::Route => ("#fff4e0", "#d98e04", "route"),
        Shape::Service => ("#e8f1fd", "#2f6fca", "service"),
        Shape::Job => ("#eef0f4", "#6b7688", "job"),
        Shape::Store => ("#e6f6ec", "#2b8a50", "store"),
        Shape::Platform => ("#f3eafc", "#8250c4", "platform"),
        Shape::External => ("#fbeaea", "#b5483f", "external"),
    }
}

/// Draws a picture.
pub fn svg(picture: &Picture) -> String {
    let layout = layout(picture);
    let (width, height) = (layout.width, layout.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"system-ui, sans-serif\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#7a869a\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"28\" y=\"38\" font-size=\"20\" font-weight=\"600\" fill=\"#1d2433\">{}</text>\n",
        escape(&picture.title)
    );
    for (name, x, y, w, h) in &layout.frames {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" rx=\"12\" \
             fill=\"#f7f8fa\" stroke=\"#d5dae2\" stroke-dasharray=\"5 4\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" font-size=\"12\" fill=\"#5b667a\">namespace {}</text>",
            x + 16.0,
            y + 21.0,
            escape(name)
        );
    }
    draw_edges(picture, &layout.places, &mut out);
    for (node, (x, y)) in picture.nodes.iter().zip(&layout.places) {
        let (fill, border, word) = look(node.shape);
        let round = if node.shape == Shape::Store { 18 } else { 7 };
        let _ = writeln!(
            out,
            "<g><title>{word} {id}</title><rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{:.0}\" \
             height=\"{:.0}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"{border}\" \
             stroke-width=\"1.5\"/><text x=\"{:.0}\" y=\"{:.0}\" font-size=\"14\" \
             font-weight=\"600\" fill=\"#1d2433\">{id}</text><text x=\"{:.0}\" y=\"{:.0}\" \
             font-size=\"11\" fill=\"#5b667a\">{}</text></g>",
            BOX.0,
            BOX.1,
            x + 13.0,
            y + 23.0,
            x + 13.0,
            y + 41.0,
            escape(&shorten(&node.detail, 30)),
            id = escape(&shorten(&node.id, 23)),
        );
    }
    out.push_str("</svg>\n");
    out
}

fn draw_edges(picture: &Picture, places: &[(f64, f64)], out: &mut String) {
    let at: BTreeMap<&str, (f64, f64)> = picture
        .nodes
        .iter()
        .zip(places)
        .map(|(node, place)| (node.id.as_str(), *place))
        .collect();
    for edge in &picture.edges {
        let (Some(from), Some(to)) = (at.get(&*edge.from), at.get(&*edge.to)) else {
            continue;
        };
        let path = curve(*from, *to);
        let _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"#7a869a\" stroke-width=\"1.3\" \
             marker-end=\"url(#tip)\"><title>{} to {} {}</title></path>",
            escape(&edge.from),
            escape(&edge.to),
            escape(&edge.label)
        );
    }
}

/// From the right side of one box to the left side of the other; back arrows go around below.
fn curve(from: (f64, f64), to: (f64, f64)) -> String {
    let (x1, y1) = (from.0 + BOX.0, from.1 + BOX.1 / 2.0);
    let (x2, y2) = (to.0, to.1 + BOX.1 / 2.0);
    if x2 > x1 {
        let bend = ((x2 - x1) / 2.0).min(90.0);
        return format!(
            "M{x1:.0} {y1:.0}C{:.0} {y1:.0} {:.0} {y2:.0} {x2:.0} {y2:.0}",
            x1 + bend,
            x2 - bend
        );
    }
    let (x1, x2) = (from.0 + BOX.0 / 2.0, to.0 + BOX.0 / 2.0);
    let (y1, y2) = (from.1 + BOX.1, to.1 + BOX.1);
    let below = y1.max(y2) + 26.0;
    format!("M{x1:.0} {y1:.0}C{x1:.0} {below:.0} {x2:.0} {below:.0} {x2:.0} {y2:.0}")
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, Node};
    use super::*;

    fn node(id: &str, shape: Shape) -> Node {
        Node {
            id: id.into(),
            shape,
            detail: "a <b>".into(),
            frame: Some("shop".into()),
        }
    }

    #[test]
    fn circles_and_unknown_ends_are_drawn_or_left_out_without_panic() {
        let edge = |from: &str, to: &str| Edge {
            from: from.into(),
            to: to.into(),
            label: String::new(),
        };
        let picture = Picture {
            title: "shop & co".into(),
            nodes: vec![
                node("a", Shape::Service),
                node("b", Shape::Service),
                node("r", Shape::Route),
            ],
            edges: vec![
                edge("a", "b"),
                edge("b", "a"),
                edge("r", "a"),
                edge("a", "nobody"),
                edge("a", "a"),
            ],
        };
        let drawn = svg(&picture);
        assert_eq!(drawn.matches("marker-end").count(), 4);
        assert!(drawn.contains("shop &amp; co") && drawn.contains("a &lt;b&gt;"));
    }

    #[test]
    fn boxes_never_lie_on_each_other() {
        let nodes: Vec<Node> = (0..12)
            .map(|n| node(&format!("n{n}"), Shape::Service))
            .collect();
        let edges = (1..12)
            .map(|n| Edge {
                from: format!("n{}", n / 3),
                to: format!("n{n}"),
                label: String::new(),
            })
            .collect();
        let places = layout(&Picture {
            title: String::new(),
            nodes,
            edges,
        })
        .places;
        for (i, a) in places.iter().enumerate() {
            for b in &places[i + 1..] {
                assert!(
                    (a.0 - b.0).abs() >= BOX.0 || (a.1 - b.1).abs() >= BOX.1,
                    "{a:?} {b:?}"
                );
            }
        }
    }
}
