//! Which text needs quotes, and the quotes.

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// As it is.
    None,
    /// In single quotes: only syntax is at stake.
    Single,
    /// In double quotes: it looks like another type, or has characters to escape.
    Double,
    /// As a block of lines.
    Block,
}

/// Bits of the class of a byte.
const LINE: u8 = 1;
const ESCAPE: u8 = 2;
const CLOSER: u8 = 4;
const WIDE: u8 = 8;

/// What a byte inside a text asks for.
static INSIDE: [u8; 256] = inside();

const fn inside() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'\n' => LINE,
            0..=0x1f | 0x7f => ESCAPE,
            b' ' | b':' | b'#' => CLOSER,
            0x80.. => WIDE,
            _ => 0,
        };
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// How to write a text that must stay text.
pub(super) fn of_text(text: &str) -> Quoting {
    match of_plain(text) {
        Quoting::None if text.is_empty() || is_taken_for_another_type(text) => Quoting::Double,
        quoting => quoting,
    }
}

/// How to write a text that may be taken for another type.
pub(super) fn of_plain(text: &str) -> Quoting {
    let class = text
        .bytes()
        .fold(0, |class, byte| class | INSIDE[usize::from(byte)]);
    if class & ESCAPE != 0 || class & WIDE != 0 && text.chars().any(needs_escape) {
        return Quoting::Double;
    }
    if class & LINE != 0 {
        return if fits_block(text) {
            Quoting::Block
        } else {
            Quoting::Double
        };
    }
    let closer = class & CLOSER != 0;
    if begins_like_syntax(text) || closer && has_syntax_inside(text) {
        return Quoting::Single;
    }
    Quoting::None
}

/// Whether the lines of a text survive as a block in every reader.
fn fits_block(text: &str) -> bool {
    let blank = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte == b' ');
    !text.starts_with('\n') && !text.split('\n').any(blank)
}

/// Characters that are not printable in YAML 1.1 or 1.2, or end a line in one of them.
fn needs_escape(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    )
}

fn begins_like_syntax(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..] | [b'-'] => true,
        [b'-', second, ..] => *second == b' ',
        [first, ..] => b" ?:,[]{}#&*!|>'\"%@`".contains(first),
        [] => false,
    }
}

/// `: `, ` #`, or a blank or colon at the end.
fn has_syntax_inside(text: &str) -> bool {
    text.ends_with([' ', ':'])
        || text
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, b": " | b" #"))
}

/// Whether a reader of YAML 1.1 or 1.2 takes the text for nothing, a truth value, a number, a time
/// or a merge key.
fn is_taken_for_another_type(text: &str) -> bool {
    match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' | b'.' => is_like_number(text),
        b'~' | b'=' => text.len() == 1,
        b'<' => text == "<<",
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => is_word(text),
        _ => false,
    }
}

fn is_word(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Numbers of both versions, more widely than either: base 2, 8, 10, 16 and 60, `_` anywhere,
/// fractions, dates and times.
fn is_like_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    if let Some(digits) = unsigned
        .strip_prefix("0o")
        .or_else(|| unsigned.strip_prefix("0b"))
    {
        return digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_');
    }
    if let Some(word) = unsigned.strip_prefix('.')
        && ["inf", "nan"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    {
        return true;
    }
    let mut rest = after_digits(unsigned);
    if rest.starts_with(':') && rest.len() < unsigned.len() {
        return true;
    }
    if rest.starts_with('-') && unsigned.len() - rest.len() == 4 {
        return rest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-:.tTzZ+ ".contains(&byte));
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = after_digits(fraction);
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = after_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    }
    rest.is_empty() && unsigned.bytes().any(|byte| byte.is_ascii_digit())
}

fn after_digits(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_')
}

/// In single quotes, which only double themselves.
pub(super) fn single(out: &mut Vec<u8>, text: &str) {
    out.push(b'\'');
    for (at, part) in text.split('\'').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"''");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'\'');
}

/// In double quotes, on one line.
pub(super) fn double(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut done = 0;
    for (at, c) in text.char_indices() {
        if c != '"' && c != '\\' && !needs_escape(c) {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[done..at]);
        escape(out, c);
        done = at + c.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[done..]);
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, c: char) {
    let short = match c {
        '"' | '\\' => u8::try_from(c).ok(),
        '\0' => Some(b'0'),
        '\x07' => Some(b'a'),
        '\x08' => Some(b'b'),
        '\t' => Some(b't'),
        '\n' => Some(b'n'),
        '\x0b' => Some(b'v'),
        '\x0c' => Some(b'f'),
        '\r' => Some(b'r'),
        '\x1b' => Some(b'e'),
        _ => None,
    };
    out.push(b'\\');
    match (short, u32::from(c)) {
        (Some(short), _) => out.push(short),
        (None, code @ 0..=0xff) => out.extend_from_slice(format!("x{code:02X}").as_bytes()),
        (None, code) => out.extend_from_slice(format!("u{code:04X}").as_bytes()),
    }
}
