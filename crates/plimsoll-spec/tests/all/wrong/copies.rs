//! Copies of data that are never made, or never restored.

use super::{Case, check};

#[test]
fn copies_show_theirs() {
    check(&[
        Case {
            name: "a backup to nowhere",
            text: "app: a\nstores: { x: { engine: postgres, backup: { full: hourly } } }\n",
            found: &[
                "plimsoll.yaml:2:42 PL0134 a backup lacks `to`; add `to: NAME`, an external with a `bucket`",
            ],
            edit: None,
        },
        Case {
            name: "a backup without a copy",
            text: "app: a\nclaims: { x: { backup: { to: b } } }\nexternals: { b: { bucket: s3://copies } }\n",
            found: &[
                "plimsoll.yaml:2:24 PL0134 a backup makes no copy; add `full: daily 02:00`, or write `backup: none`",
            ],
            edit: None,
        },
        Case {
            name: "a drill without what it restores",
            text: "app: a\nclaims: { x: { backup: { to: b, archive: daily 02:00, drill: weekly sat 03:00 } } }\nexternals: { b: { bucket: s3://copies } }\n",
            found: &[
                "plimsoll.yaml:2:62 PL0134 a drill has no copy to restore; add `full: daily 02:00`",
            ],
            edit: None,
        },
    ]);
}
