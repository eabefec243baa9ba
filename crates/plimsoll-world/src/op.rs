//! Named pure functions of expressions. Each has one meaning here and one in every template
//! language that we print, so the list is short.

use crate::content_hash;
use plimsoll_source::{Node, Origin, Str};

/// A named pure function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `registry, name, tag, digest, fallback tag` as one image reference.
    Image,
    /// First eight hex digits of SHA-256 over the content.
    Hash,
    /// Sum of whole numbers.
    Add,
    /// Product of whole numbers.
    Mul,
    /// Largest of whole numbers.
    Max,
    /// `number, percent`: that part of the number, rounded up.
    PercentUp,
    /// Sum of CPU quantities in the canonical spelling; a number before a quantity multiplies it.
    CpuSum,
    /// Sum of memory or disk quantities in the canonical spelling; a number before one multiplies it.
    BytesSum,
    /// A whole number or quantity and a tenth of it, rounded up.
    TenthMore,
    /// Lists joined.
    Lists,
    /// The first argument that is neither nothing nor empty.
    Default,
    /// The part before `..` of a range of quantities.
    Request,
    /// The part after `..`; nothing where there is one part only.
    Limit,
    /// The part after `..`, else the only part.
    LimitOrRequest,
    /// The keys of a map that are in it with their values, over the ones of later maps.
    Merge,
}

impl Op {
    /// The history of what it makes: what it takes drives, what it passes over only touches.
    pub(crate) fn origin(self, args: &[Node]) -> Origin {
        let of = |taken: &dyn Fn(usize) -> bool| {
            let origins = |wanted: bool| {
                let numbered = args.iter().enumerate();
                numbered
                    .filter(move |(at, _)| taken(*at) == wanted)
                    .map(|(_, arg)| arg.origin().clone())
            };
            let passed: Vec<Origin> = origins(false).collect();
            let made = Origin::rule("computed", origins(true));
            if passed.is_empty() {
                made
            } else {
                made.because(&Origin::all(passed))
            }
        };
        match self {
            Self::Hash => {
                let mut all = Vec::new();
                args.iter().for_each(|arg| inside(arg, &mut all));
                Origin::rule("computed", all)
            }
            Self::Image => {
                let parts = ImageParts::of(args);
                of(&|at| parts.uses(at))
            }
            Self::Max => {
                let largest = (0..args.len()).max_by_key(|at| args[*at].int());
                of(&|at| Some(at) == largest)
            }
            Self::Default => {
                let first = args.iter().position(crate::evaluate::truthy);
                let first = first.unwrap_or(args.len().saturating_sub(1));
                of(&|at| at == first)
            }
            _ => of(&|_| true),
        }
    }

    /// Applies the function. Arguments of a wrong type count as nothing: types are checked before.
    pub fn apply(self, origin: Origin, args: &[Node]) -> Node {
        let ints = || args.iter().filter_map(Node::int);
        match self {
            Self::Image => Node::Text(origin, image(args)),
            Self::Hash => {
                let hash = args.first().map(content_hash).unwrap_or_default();
                Node::Text(origin, hash)
            }
            Self::Add => Node::Int(origin, ints().sum()),
            Self::Mul => Node::Int(origin, ints().product()),
            Self::Max => Node::Int(origin, ints().max().unwrap_or_default()),
            Self::PercentUp => {
                let (mut numbers, hundred) = (ints(), 100);
                let (number, percent) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
                Node::Int(origin, (number * percent + hundred - 1).div_euclid(hundred))
            }
            Self::CpuSum => Node::Text(origin, cpu_text(sum(args, cpu_millis))),
            Self::BytesSum => Node::Text(origin, bytes_text(sum(args, bytes_count))),
            Self::TenthMore => tenth_more(origin, args.first()),
            Self::Lists => Node::seq(
                origin,
                args.iter()
                    .flat_map(Node::items)
                    .cloned()
                    .collect::<Vec<_>>(),
            ),
            Self::Default => {
                let first = args.iter().find(|node| crate::evaluate::truthy(node));
                match first.or(args.last()) {
                    Some(found) => found.clone().with_origin(origin),
                    None => Node::Null(origin),
                }
            }
            Self::Request => ends(args).map_or(Node::Null(origin.clone()), |(low, _)| {
                Node::Text(origin, low.into())
            }),
            Self::Limit => match ends(args) {
                Some((_, Some(high))) => Node::Text(origin, high.into()),
                _ => Node::Null(origin),
            },
            Self::LimitOrRequest => ends(args).map_or(Node::Null(origin.clone()), |(low, high)| {
                Node::Text(origin, high.unwrap_or(low).into())
            }),
            Self::Merge => merge(origin, args),
        }
    }
}

fn tenth_more(origin: Origin, amount: Option<&Node>) -> Node {
    let more = |amount: i128| (amount * 11 + 9).div_euclid(10);
    match amount {
        Some(Node::Int(_, number)) => Node::Int(
            origin,
            i64::try_from(more(i128::from(*number))).unwrap_or(i64::MAX),
        ),
        Some(other) => {
            let text = other.text().map_or("", Str::as_str);
            // Bytes are rounded up to whole mebibytes; cpu stays in thousandths.
            let mebi = 1 << 20;
            let grown = match (text.ends_with(['i', 'k', 'M', 'G']), bytes_count(text)) {
                (true, Some(bytes)) => bytes_text((more(bytes) + mebi - 1) / mebi * mebi),
                _ => cpu_text(more(cpu_millis(text).unwrap_or(0))),
            };
            Node::Text(origin, grown)
        }
        None => Node::Null(origin),
    }
}

/// The ends of a range such as `500m..2`.
fn ends(args: &[Node]) -> Option<(&str, Option<&str>)> {
    let text = args.first()?.text()?.as_str();
    Some(match text.split_once("..") {
        Some((low, high)) => (low, Some(high)),
        None => (text, None),
    })
}

fn merge(origin: Origin, maps: &[Node]) -> Node {
    let mut entries = Vec::new();
    for entry in maps.iter().flat_map(Node::entries) {
        if !entries
            .iter()
            .any(|known: &plimsoll_source::Entry| known.key == entry.key)
        {
            entries.push(entry.clone());
        }
    }
    Node::map(origin, entries)
}

/// The origins of a tree: of all values, and of what put keys there.
fn inside(node: &Node, all: &mut Vec<Origin>) {
    all.push(node.origin().clone());
    for entry in node.entries() {
        all.push(entry.at.clone());
        inside(&entry.value, all);
    }
    node.items().iter().for_each(|item| inside(item, all));
}

/// `registry, name, tag, digest, fallback tag`, each only where it stands in the reference.
struct ImageParts<'a>([Option<&'a Str>; 5]);

impl<'a> ImageParts<'a> {
    /// A part before the first `/` that has `.` or `:`, or is `localhost`, is a registry: the name
    /// is used as it is.
    fn of(args: &'a [Node]) -> Self {
        let part = |at: usize| {
            let text = args.get(at).and_then(Node::text);
            text.filter(|text| !text.is_empty())
        };
        let mut parts = [0, 1, 2, 3, 4].map(part);
        let first = parts[1].and_then(|name| name.split_once('/'));
        let elsewhere =
            first.is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost");
        if elsewhere {
            parts[0] = None;
        }
        // The tag of all images is for ours: those that `images.registry` may go before.
        if elsewhere || parts[2].is_some() || parts[3].is_some() {
            parts[4] = None;
        }
        Self(parts)
    }

    fn uses(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(Option::is_some)
    }
}

fn image(args: &[Node]) -> Str {
    let ImageParts([registry, name, tag, digest, fallback]) = ImageParts::of(args);
    let mut text = String::new();
    if let Some(registry) = registry {
        text.push_str(registry.trim_end_matches('/'));
        text.push('/');
    }
    text.push_str(name.map_or("", Str::as_str));
    for (mark, part) in [(':', tag.or(fallback)), ('@', digest)] {
        if let Some(part) = part {
            text.push(mark);
            text.push_str(part);
        }
    }
    text.into()
}

/// Adds quantities; a number before one multiplies it.
fn sum(args: &[Node], read: impl Fn(&str) -> Option<i128>) -> i128 {
    let (mut total, mut factor) = (0, 1);
    for arg in args {
        match arg {
            Node::Int(_, number) => factor *= i128::from(*number),
            _ => {
                let amount = arg.text().and_then(|text| read(text)).unwrap_or(0);
                total += std::mem::replace(&mut factor, 1) * amount;
            }
        }
    }
    total
}

/// `1500m` or `1.5` in thousandths.
fn cpu_millis(text: &str) -> Option<i128> {
    match text.strip_suffix('m') {
        Some(millis) => millis.parse().ok(),
        None => decimal(text, 1000),
    }
}

fn bytes_count(text: &str) -> Option<i128> {
    const UNITS: [(&str, i128); 12] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("Pi", 1 << 50),
        ("Ei", 1 << 60),
        ("k", 1000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
        ("P", 1_000_000_000_000_000),
        ("E", 1_000_000_000_000_000_000),
    ];
    let unit = UNITS
        .iter()
        .find_map(|(unit, of)| Some((text.strip_suffix(unit)?, *of)));
    let (number, of) = unit.unwrap_or((text, 1));
    decimal(number, of)
}

/// A decimal number times `of`, rounded up.
fn decimal(text: &str, of: i128) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part: i128 = if part.is_empty() {
        0
    } else {
        part.parse().ok()?
    };
    Some(whole * of + (part * of + scale - 1) / scale)
}

fn cpu_text(millis: i128) -> Str {
    match millis % 1000 {
        0 => (millis / 1000).to_string().into(),
        _ => format!("{millis}m").into(),
    }
}

/// The largest binary unit that divides it.
fn bytes_text(bytes: i128) -> Str {
    let units = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let (mut number, mut unit) = (bytes, 0);
    while number != 0 && number % 1024 == 0 && unit + 1 < units.len() {
        number /= 1024;
        unit += 1;
    }
    format!("{number}{}", units[unit]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Node {
        Node::Text(Origin::rule("test", []), value.into())
    }

    fn image_of(parts: [&str; 5]) -> Str {
        let args: Vec<Node> = parts.iter().map(|part| text(part)).collect();
        image(&args)
    }

    /// Holds V9, S8.
    #[test]
    fn a_registry_goes_only_before_names_without_one() {
        assert_eq!(
            image_of(["reg.example", "api", "1.2", "", ""]),
            "reg.example/api:1.2"
        );
        assert_eq!(
            image_of(["reg.example", "ghcr.io/a/b", "1", "", "9"]),
            "ghcr.io/a/b:1"
        );
        assert_eq!(
            image_of(["reg.example", "ghcr.io/a/b", "", "", "9"]),
            "ghcr.io/a/b"
        );
        assert_eq!(image_of(["", "shop/web", "", "", "9"]), "shop/web:9");
        assert_eq!(image_of(["", "web", "1", "sha256:0", ""]), "web:1@sha256:0");
    }

    #[test]
    fn quantities_add_up_in_the_canonical_spelling() {
        let origin = || Origin::rule("test", []);
        let three = Node::Int(origin(), 3);
        let cpu = Op::CpuSum.apply(origin(), &[three.clone(), text("250m"), text("0.25")]);
        assert_eq!(cpu.text().map(Str::as_str), Some("1"));
        let memory = Op::BytesSum.apply(origin(), &[three, text("512Mi"), text("1.5Gi")]);
        assert_eq!(memory.text().map(Str::as_str), Some("3Gi"));
    }

    #[test]
    fn a_part_of_a_number_rounds_up() {
        let int = |value| Node::Int(Origin::rule("test", []), value);
        let part = Op::PercentUp.apply(Origin::rule("test", []), &[int(5), int(25)]);
        assert_eq!(part.int(), Some(2));
    }
}
