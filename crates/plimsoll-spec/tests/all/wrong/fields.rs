//! Fields that a target does not have, and ports of sidecars.

use super::{Case, check};

#[test]
fn fields_show_theirs() {
    check(&[
        Case {
            name: "fields that their target does not say, in variables and in words of a command",
            text: "app: a\nservices:\n  web:\n    uses: [db, b, x]\n    env: { R: \"${b.region}\", P: \"${db.pool}\", X: \"${x.url}\", CA: \"${db.ca}\", H: \"${b.host}\", E: \"${b.endpoint}\" }\n    command: [run, \"--region=${b.region}\"]\nstores: { db: { engine: postgres, backup: none, tls: false }, kv: { engine: redis } }\nexternals: { b: { bucket: \"s3://xxxx\" }, x: { host: api.x.com } }\n",
            found: &[
                "plimsoll.yaml:5:15 PL0153 `${b.region}` has no value: the external `b` says no `region`; add `region: …` to `externals.b`",
                "plimsoll.yaml:5:33 PL0153 `${db.pool}` has no value: the edge does not say how many connections; write `{ db: { pool: 10 } }` in `uses`",
                "plimsoll.yaml:5:50 PL0153 `${x.url}` has no value: the external `x` says no `bucket`; write `https://${x.host}`",
                "plimsoll.yaml:5:66 PL0153 `${db.ca}` has no value: `db` serves no TLS of ours; leave it out where there is no TLS",
                "plimsoll.yaml:5:81 PL0153 `${b.host}` has no value: the external `b` says no `host`; add `host: …` to `externals.b`",
                "plimsoll.yaml:5:97 PL0153 `${b.endpoint}` has no value: the external `b` says no `endpoint`; add `endpoint: https://…` to `externals.b`",
                "plimsoll.yaml:6:20 PL0153 `${b.region}` has no value: the external `b` says no `region`; add `region: …` to `externals.b`",
            ],
            edit: None,
        },
        Case {
            name: "the login of a store without logins, the database of an engine without",
            text: "app: a\nservices: { web: { uses: [kv], config: { /etc/a: \"${kv.user} ${kv.password} ${kv.database}\" } } }\nstores: { kv: { engine: redis, users: none } }\n",
            found: &[
                "plimsoll.yaml:2:50 PL0153 `${kv.database}` has no value: redis has no databases; leave it out: there is but one",
                "plimsoll.yaml:2:50 PL0153 `${kv.password}` has no value: `kv` has no login; add `users: [NAME]` to `stores.kv`, or leave it out",
                "plimsoll.yaml:2:50 PL0153 `${kv.user}` has no value: `kv` has no login; add `users: [NAME]` to `stores.kv`, or leave it out",
            ],
            edit: None,
        },
        Case {
            name: "the address of a worker, and the pods of what has no Service",
            text: "app: a\nservices: { web: { uses: [w], env: { A: \"${w.address}\", P: \"${w.pods}\" } }, w: {} }\n",
            found: &[
                "plimsoll.yaml:2:41 PL0153 `${w.address}` has no value: `w` has no ports, so no Service; add `ports: 8080` to `services.w`",
                "plimsoll.yaml:2:60 PL0153 `${w.pods}` has no value: `w` has no ports, so no Service; add `ports: 8080` to `services.w`",
            ],
            edit: None,
        },
        Case {
            name: "a store that somebody else runs, with a secret and nothing more",
            text: "app: a\nservices: { web: { uses: [db], env: { H: \"${db.host}\", P: \"${db.pods}\", C: \"${db.ca}\" } } }\nstores: { db: { engine: postgres, run: external, secret: DB } }\nsecrets: { DB: {} }\n",
            found: &[
                "plimsoll.yaml:2:42 PL0153 `${db.host}` has no value: `db` is run elsewhere, and says no `host`; add `host: …` to `stores.db`",
                "plimsoll.yaml:2:59 PL0153 `${db.pods}` has no value: the pods of `db` are not ours; write `${db.app.host}`",
                "plimsoll.yaml:2:76 PL0153 `${db.ca}` has no value: `db` serves no TLS of ours; give it the file in `config`",
            ],
            edit: None,
        },
        Case {
            name: "a port that a component does not have, and one that nobody talks to",
            text: "app: a\nplatform: { telemetry: otel }\njobs: { j: { uses: [platform.telemetry, platform.certificates], args: [\"${platform.telemetry.ports.https}\", \"${platform.certificates.host}\"] } }\n",
            found: &[
                "plimsoll.yaml:3:72 PL0153 `${platform.telemetry.ports.https}` has no value: `platform.telemetry` has no such port; it has grpc, http",
                "plimsoll.yaml:3:109 PL0153 `${platform.certificates.host}` has no value: nobody answers at `platform.certificates`; leave it out: it is not talked to",
            ],
            edit: None,
        },
        Case {
            name: "an authority in another namespace",
            text: "app: a\nservices: { web: { uses: [db], env: { C: \"${db.ca}\" } } }\nstores: { db: { engine: postgres, namespace: data } }\n",
            found: &[
                "plimsoll.yaml:2:42 PL0153 `${db.ca}` has no value: the CA of `db` is in the namespace data; give it the file in `config`, or put both into one namespace",
            ],
            edit: None,
        },
        Case {
            name: "only the branch that holds is asked for its fields",
            text: "app: a\nservices: { web: { uses: [{ db: { optional: true } }], env: { C: { if: platform.certificates, then: \"${db.ca}\", else: \"\" } } } }\nplatform: { certificates: none }\nstores: { db: { engine: postgres, tls: false } }\n",
            found: &[],
            edit: None,
        },
        Case {
            name: "ports of a sidecar join the Service",
            text: "app: a\nservices:\n  web: { ports: 3000, sidecars: { p: { image: r.example/p:1, ports: { static: 8081 } } } }\n  v: { uses: [{ web: { ports: static } }], env: { S: \"${web.ports.static}\" } }\nroutes: { main: { hosts: x.example.org, paths: { /: \"web:static\" } } }\n",
            found: &[],
            edit: None,
        },
        Case {
            name: "ports of a sidecar, misspelt",
            text: "app: a\nservices:\n  web: { ports: 3000, sidecars: { p: { image: r.example/p:1, ports: { static: 8081 } } } }\n  v: { uses: [{ web: { ports: statik } }] }\nroutes: { main: { hosts: x.example.org, paths: { /: \"web:8082\" } } }\n",
            found: &[
                "plimsoll.yaml:4:31 PL0157 `web` has no port `statik`",
                "plimsoll.yaml:5:53 PL0157 `web` has no port `8082`",
            ],
            edit: None,
        },
    ]);
}
