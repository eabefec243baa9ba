//! Messages that name what is meant, not what follows from it.

use super::{Case, check};
use crate::harness::{files, findings};

#[test]
fn messages_name_the_cause() {
    check(&[
        Case {
            name: "the port of a worker that is like a service",
            text: "app: a\nservices:\n  web: { ports: 3000, env: { PORT: \"${port}\" } }\n  worker: { like: web, ports: none }\njobs: { j: { service: web } }\n",
            found: &[
                "plimsoll.yaml:3:36 PL0110 `${port}` is the port of `j`, which has none; write `env: { PORT: null }` in `jobs.j`",
                "plimsoll.yaml:3:36 PL0110 `${port}` is the port of `worker`, which has none; write `env: { PORT: null }` in `services.worker`, or give it `ports`",
            ],
            edit: None,
        },
        Case {
            name: "the port of a worker, taken away",
            text: "app: a\nservices:\n  web: { ports: 3000, env: { PORT: \"${port}\" } }\n  worker: { like: web, ports: none, env: { PORT: null } }\n",
            found: &[],
            edit: None,
        },
        Case {
            name: "the program of a job, what a service is like and what it uses, taken away in an environment",
            text: "app: a\nservices: { svc-a: {}, svc-b: {}, svc-c: { like: svc-b }, svc-d: { uses: [svc-b] } }\njobs: { j: { service: svc-b } }\nmigrations: { db: { service: svc-b, command: [x] } }\nstores: { db: { engine: postgres } }\nenvironments: { prod: {}, dev: { services: { svc-b: null } } }\n",
            found: &[
                "plimsoll.yaml:2:50 PL0106 `svc-b` is taken away here, and something needs it; take away with `null` what needs it too, or write `svc-b: { enabled: false }`",
                "plimsoll.yaml:2:75 PL0150 `svc-b` is taken away here, and something needs it; write `{ svc-b: { optional: true } }`, or `svc-b: null` in `uses` there",
                "plimsoll.yaml:3:23 PL0108 `svc-b` is taken away here, and something needs it; take away with `null` what needs it too, or write `svc-b: { enabled: false }`",
                "plimsoll.yaml:4:30 PL0108 `svc-b` is taken away here, and something needs it; take away with `null` what needs it too, or write `svc-b: { enabled: false }`",
            ],
            edit: None,
        },
        Case {
            name: "the target of a path and a store, taken away in an environment",
            text: "app: a\nservices: { web: { ports: 80 }, api: { uses: [cache] } }\nstores: { cache: { engine: redis } }\nroutes: { main: { hosts: x.example.org, paths: { /: web } } }\nenvironments: { prod: {}, dev: { services: { web: null }, stores: { cache: null } } }\n",
            found: &[
                "plimsoll.yaml:2:47 PL0150 `cache` is taken away here, and something needs it; write `{ cache: { optional: true } }`, or `cache: null` in `uses` there",
                "plimsoll.yaml:4:53 PL0150 `web` is taken away here, and something needs it; add `optional: true` to the path",
            ],
            edit: None,
        },
    ]);
}

#[test]
fn a_reference_in_a_file_is_shown_at_its_line() {
    let loaded = files(&[
        (
            "plimsoll.yaml",
            "app: a\nservices: { worker: { config: { /etc/a: { file: a.conf, template: true } } } }\n",
        ),
        ("a.conf", "name worker\nport ${port}\n"),
    ]);
    assert_eq!(
        findings(&loaded),
        [
            "a.conf:2:6 PL0110 `${port}` is the port of `worker`, which has none; write `config` of its own in `services.worker`, or give it `ports`"
        ]
    );
}
