//! Claims that several pods use; copies of data that are never made, or never restored.

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

#[test]
fn claims_show_theirs() {
    check(&[
        Case {
            name: "two pods of one service",
            text: "app: a\nservices: { web: { volumes: { /d: { claim: x } } } }\nclaims: { x: {} }\n",
            found: &[
                "plimsoll.yaml:3:11 PL0173 one node at a time has `x`, and several pods use it; write `shared: true` with a class that can, or `scale: single` for its only user",
            ],
            edit: None,
        },
        Case {
            name: "two programs",
            text: "app: a\nservices: { web: { scale: single, volumes: { /d: { claim: x } } } }\njobs: { tidy: { image: t, volumes: { /d: { claim: x } } } }\nclaims: { x: {} }\n",
            found: &[
                "plimsoll.yaml:4:11 PL0173 one node at a time has `x`, and several pods use it; write `shared: true` with a class that can, or `scale: single` for its only user",
            ],
            edit: None,
        },
        Case {
            name: "two folders for one pod",
            text: "app: a\nservices: { web: { scale: single, volumes: { /d: { claim: x, folder: d }, /e: { claim: x, folder: e } } } }\nclaims: { x: {} }\n",
            found: &[],
            edit: None,
        },
        Case {
            name: "one node",
            text: "app: a\ncluster: { nodes: { count: 1 } }\nservices: { web: { volumes: { /d: { claim: x } } } }\nclaims: { x: {} }\n",
            found: &[],
            edit: None,
        },
    ]);
}
