//! What the loader finds: `PL0001` to `PL0019`.

use crate::{Level, Rule};

/// Every rule of this crate, in the order of the codes.
pub static ALL: &[&Rule] = &[
    &YAML_SYNTAX,
    &DUPLICATE_KEY,
    &UNQUOTED_VARIABLE,
    &TAB_INDENTATION,
    &UNKNOWN_ANCHOR,
    &ENDLESS_ALIAS,
    &UNKNOWN_TAG,
    &KEY_NOT_TEXT,
    &BAD_MERGE_KEY,
    &TOO_DEEP,
    &ALIASES_TOO_LARGE,
    &FILE_TOO_LARGE,
    &EMPTY_FILE,
    &SEVERAL_DOCUMENTS,
    &TAG_DOES_NOT_FIT,
    &NOT_UTF8,
];

/// A rule of the loader: all of them are errors.
const fn error(
    code: &'static str,
    name: &'static str,
    consequence: &'static str,
    docs: &'static str,
) -> Rule {
    Rule {
        code,
        name,
        level: Level::Error,
        consequence,
        docs,
    }
}

/// The text is not YAML.
pub static YAML_SYNTAX: Rule = error(
    "PL0001",
    "yaml-syntax",
    "what stands around this place cannot be read, so nothing is made of it",
    "The text is not YAML 1.2. Common causes: a key that is not indented like its neighbours, a bracket or a quote that \
     is not closed, two keys on one line, or a value that begins with a character that YAML reserves (`@`, `` ` ``, `%`) \
     and needs quotes. The loader skips what it cannot read and goes on, so one run shows as many mistakes as are certain.",
);

/// One key twice in one map.
pub static DUPLICATE_KEY: Rule = error(
    "PL0002",
    "duplicate-key",
    "readers of YAML disagree about which of the two holds",
    "A map has the same key twice. Some programs take the first value, some the last, some refuse the file. Keep one of \
     them. Keys that come through a merge key `<<` are no duplicates: what the map says itself wins.",
);

/// `${…}` without quotes inside `{ }` or `[ ]`.
pub static UNQUOTED_VARIABLE: Rule = error(
    "PL0003",
    "unquoted-variable",
    "inside `{ }` and `[ ]` YAML takes the brace of `${` for the begin of a map",
    "`${name}` may stand without quotes in block style (`key: ${name}`). Inside braces or brackets the `{` has a meaning \
     of its own in YAML, so the value needs quotes: `{ key: \"${name}\" }`.",
);

/// A tab where blanks are wanted.
pub static TAB_INDENTATION: Rule = error(
    "PL0004",
    "tab-indentation",
    "YAML forbids tabs in indentation, because their width is not defined",
    "A line is indented with a tab. YAML allows blanks only. Let the editor put blanks, two for each level.",
);

/// `*name` without `&name`.
pub static UNKNOWN_ANCHOR: Rule = error(
    "PL0005",
    "unknown-anchor",
    "an alias stands for a value that was marked before it; here is none of that name",
    "`*name` repeats the value that was marked with `&name` earlier in the same document. The name is wrong, or the value \
     comes later or in another file.",
);

/// An alias inside the value that it stands for.
pub static ENDLESS_ALIAS: Rule = error(
    "PL0006",
    "endless-alias",
    "the value would contain itself without end",
    "`*name` stands inside the value that `&name` marks. Such a value has no end, so it cannot be an application.",
);

/// A tag that YAML's core schema does not have.
pub static UNKNOWN_TAG: Rule = error(
    "PL0007",
    "unknown-tag",
    "tags run code in other tools; nothing reads this one here, so it would be lost",
    "Only the tags of YAML's core schema are read: `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map`, `!!seq`. Tags \
     of other tools (`!Ref`, `!vault`, `!reference`) mean nothing here.",
);

/// A map, a list or nothing as key.
pub static KEY_NOT_TEXT: Rule = error(
    "PL0008",
    "key-not-text",
    "keys are text; what stands under this one is skipped",
    "YAML allows maps and lists as keys of a map, and keys that are missing. Here every key is text. A common cause is a \
     value such as `{{ name }}` of a template: put quotes around it.",
);

/// `<<` with something that is not a map.
pub static BAD_MERGE_KEY: Rule = error(
    "PL0009",
    "bad-merge-key",
    "`<<` takes over the keys of a map; nothing is taken over here",
    "The value of `<<` is a map, usually an alias (`<<: *base`), or a list of maps (`<<: [*base, *more]`) of which earlier \
     ones win.",
);

/// Nested deeper than anybody writes.
pub static TOO_DEEP: Rule = error(
    "PL0010",
    "too-deep",
    "the limit keeps a damaged or hostile file from exhausting the stack",
    "Maps and lists may be nested 128 levels deep, aliases included. No application needs more than about a dozen.",
);

/// Aliases that multiply.
pub static ALIASES_TOO_LARGE: Rule = error(
    "PL0011",
    "aliases-too-large",
    "the limit keeps a small file from becoming an enormous one",
    "All aliases of a file together may stand for 1,000,000 values. A file in which aliases repeat aliases grows without \
     bounds; the alias at the place shown would exceed the limit and is skipped.",
);

/// More than 16 MiB.
pub static FILE_TOO_LARGE: Rule = error(
    "PL0012",
    "file-too-large",
    "the file is not read",
    "A file may have 16 MiB. Data that large does not belong into an application file: put it into a file of its own, an \
     image, or a store.",
);

/// Nothing but comments.
pub static EMPTY_FILE: Rule = error(
    "PL0013",
    "empty-file",
    "there is nothing to make",
    "The file has no content, or only comments. The least that an application needs is `app` and one service.",
);

/// `---` in a file that holds one document.
pub static SEVERAL_DOCUMENTS: Rule = error(
    "PL0014",
    "several-documents",
    "only the first document is read",
    "A line `---` begins a new document. This file holds one; put the others into files of their own and list them under \
     `include`.",
);

/// `!!int` before something that is no number.
pub static TAG_DOES_NOT_FIT: Rule = error(
    "PL0015",
    "tag-does-not-fit",
    "the value is taken as it is written",
    "A tag says what a value is (`!!int`, `!!bool`, …), but the value is not that. Remove the tag or mend the value.",
);

/// Bytes that are not text.
pub static NOT_UTF8: Rule = error(
    "PL0016",
    "not-utf8",
    "the bytes from here on have no meaning as text",
    "Files are read as UTF-8. Save the file in that encoding; a file that was compressed, encrypted or saved as UTF-16 \
     cannot be read.",
);
