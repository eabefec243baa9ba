//! What the language promises to find.

use super::{Case, check};

#[test]
fn promises_are_kept() {
    check(&[
        Case {
            name: "gRPC to several pods",
            text: "app: a\nservices: { web: { uses: [g] }, g: { ports: { grpc: 9000 } } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0174 all calls of `web` go to one pod of `g`; divide them in the client, with `dns:///${g.pods}:PORT` as its address, or write `platform: { mesh: istio }`",
            ],
            edit: None,
        },
        Case {
            name: "gRPC to one pod, through a mesh, to each pod, and http beside it",
            text: "app: a\nservices:\n  a: { uses: [one, each, both] }\n  b: { uses: [each], env: { P: \"dns:///${each.pods}:9000\" } }\n  one: { ports: { grpc: 9000 }, scale: 1 }\n  each: { ports: { grpc: 9000 }, scale: 3 }\n  both: { ports: { http: 80, grpc: 9000 } }\nplatform: { mesh: istio }\n",
            found: &[],
            edit: None,
        },
        Case {
            name: "a certificate that nobody makes",
            text: "app: a\nservices: { web: { ports: 80 } }\nroutes: { main: { hosts: x.example.org, paths: { /: web } }, plain: { hosts: y.example.org, tls: none, paths: { /: web } } }\nplatform: { certificates: none }\n",
            found: &[
                "plimsoll.yaml:3:11 PL0175 nobody makes the certificate of the route `main`; write `tls: none`, name a secret with `kind: tls`, or set `platform.certificates`",
            ],
            edit: None,
        },
        Case {
            name: "a given secret in a URL, and secrets that fit",
            text: "app: a\nservices: { web: { secrets: [TOK, PW], env: { A: \"https://u:${secrets.TOK}@x\", B: \"https://u:${secrets.PW}@x\", C: \"https://x/${secrets.TOK}\", D: \"https://x ${secrets.TOK}@y\" } } }\nsecrets: { TOK: {}, PW: { kind: password } }\n",
            found: &[
                "plimsoll.yaml:2:50 PL0176 `TOK` stands in a URL, and may hold what a URL cannot; let it be made of letters and digits, `TOK: { kind: password }`, or give the program its parts",
            ],
            edit: None,
        },
        Case {
            name: "shards of what is no cluster",
            text: "app: a\nstores: { db: { engine: postgres, shards: 5 }, k: { engine: redis, mode: cluster, shards: 5, instances: 10 } }\n",
            found: &[
                "plimsoll.yaml:2:43 PL0135 `shards` does not go with `mode: single`; write `mode: cluster`, or leave it out",
            ],
            edit: None,
        },
        Case {
            name: "a condition on a name that no layer has",
            text: "app: a\nservices: { web: { env: { A: { if: cahce, then: x, else: y } } } }\nstores: { cache: { engine: redis } }\n",
            found: &[
                "plimsoll.yaml:2:36 PL0150 there is no `cahce` in any layer, so it is never here; write `cache`",
            ],
            edit: Some(("cahce", "cache")),
        },
        Case {
            name: "a condition that is turned round, and one without a near name",
            text: "app: a\nservices: { web: { env: { B: { if: \"!cahce\", then: x }, C: { if: zzzz, then: x } } } }\nstores: { cache: { engine: redis } }\n",
            found: &[
                "plimsoll.yaml:2:36 PL0150 there is no `cahce` in any layer, so it is never here; write `\"!cache\"`",
                "plimsoll.yaml:2:66 PL0150 there is no `zzzz` in any layer, so it is never here; define it in `services`, `stores` or `externals`",
            ],
            edit: None,
        },
        Case {
            name: "a condition on what another environment has",
            text: "app: a\nservices: { web: { env: { A: { if: cache, then: x, else: y } } } }\nenvironments: { dev: {}, prod: { stores: { cache: { engine: redis } } } }\n",
            found: &[],
            edit: None,
        },
        Case {
            name: "a probe by TCP of a port for UDP",
            text: "app: a\nservices: { dns: { ports: { dns: { port: 53, protocol: udp } }, health: tcp } }\n",
            found: &[
                "plimsoll.yaml:2:73 PL0167 a probe of `dns` asks by TCP, and nobody hears it; ask a port that speaks TCP, or by a command",
            ],
            edit: None,
        },
        Case {
            name: "a sleep as long as the time to stop",
            text: "app: a\nservices: { web: { ports: 80, stop: { drain: 60s, grace: 30s } } }\n",
            found: &[
                "plimsoll.yaml:2:58 PL0177 a pod that sleeps for 60s is killed after 30s; write a longer `grace`, or a shorter `drain`",
            ],
            edit: None,
        },
        Case {
            name: "two ports at one number of the Service",
            text: "app: a\nservices: { web: { ports: { http: { port: 8080, at: 80 }, api: { port: 8081, at: 80 } } } }\n",
            found: &[
                "plimsoll.yaml:2:82 PL0158 two ports of the Service `web` are 80; give one of them another `at`",
            ],
            edit: None,
        },
        Case {
            name: "containers of one name, and a path that the program does not have",
            text: "app: a\nservices: { web: { init: { web: { image: r/i:1 }, x: { image: r/i:1 } }, sidecars: { x: { image: r/i:1, mounts: [/nope, /tmp] } } } }\n",
            found: &[
                "plimsoll.yaml:2:28 PL0155 two containers of one pod are named `web`; give this one another name",
                "plimsoll.yaml:2:86 PL0155 two containers of one pod are named `x`; give this one another name",
                "plimsoll.yaml:2:114 PL0156 `web` has no volume at /nope; it is one of `volumes`, `config` or `writable` of `web`",
            ],
            edit: None,
        },
        Case {
            name: "a rollout that cannot begin",
            text: "app: a\nservices: { web: { strategy: { rolling: { surge: 0, away: 0 } } } }\n",
            found: &[
                "plimsoll.yaml:2:50 PL0132 a rollout with neither a pod more nor a pod less never begins; write `surge: 1`, or `away: 1`",
            ],
            edit: None,
        },
        Case {
            name: "a port that the edge does not open",
            text: "app: a\nservices:\n  web: { uses: [api, { b: { ports: [x, 90] } }], env: { A: \"${api.ports.grpc}\", B: \"${b.ports.x} ${b.ports.y}\" } }\n  api: { ports: { http: 80, grpc: 90 } }\n  b: { ports: { http: 80, x: 81, y: 90 } }\n",
            found: &[
                "plimsoll.yaml:3:60 PL0179 the port `grpc` of `api` is not opened here; write `uses: [{ api: { ports: [http, grpc] } }]`",
            ],
            edit: None,
        },
        Case {
            name: "an autoscaler down to nothing",
            text: "app: a\nservices: { web: { scale: 0..3 }, off: { scale: 0 }, q: { scale: { replicas: 0..3, queries: [{ query: up, target: 1 }] } } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0178 nothing wakes `web` once it has no pods; begin at 1, or write `queries` that KEDA asks",
            ],
            edit: None,
        },
        Case {
            name: "labels with spaces",
            text: "app: a\nservices: { web: { labels: { a: x y, b c: d, e: \"\" } } }\n",
            found: &[
                "plimsoll.yaml:2:33 PL0132 `x y` is no value of a label; at most 63 letters, digits, `-`, `_` and `.`; other text goes into `annotations`",
                "plimsoll.yaml:2:43 PL0133 `b c` is no key of a label; letters, digits, `-`, `_` and `.`; a domain and `/` may stand before",
            ],
            edit: None,
        },
        Case {
            name: "a namespace in upper case",
            text: "app: a\nnamespace: Nope\nservices: { web: { namespace: no_pe } }\n",
            found: &[
                "plimsoll.yaml:2:12 PL0133 `Nope` cannot be the name of a namespace; write `nope`",
                "plimsoll.yaml:3:31 PL0133 `no_pe` cannot be the name of a namespace; write `no-pe`",
            ],
            edit: Some(("Nope", "nope")),
        },
        Case {
            name: "literals of files, secrets, versions and instances",
            text: "app: a\nservices: { web: { config: { /a: { text: x, mode: 999 } } } }\nsecrets: { S: { kind: hex, length: 0 } }\ncluster: { version: latest }\nstores: { db: { engine: postgres, version: 99, instances: 0 } }\n",
            found: &[
                "plimsoll.yaml:2:51 PL0132 `mode` is three or four octal digits, and `999` is not; write it as `chmod` does: 0644, 0755",
                "plimsoll.yaml:3:36 PL0132 a secret of no bytes is no secret; leave `length` out: it is 32",
                "plimsoll.yaml:4:21 PL0132 `version` is one of Kubernetes, and `latest` is not; write it as `1.36`",
                "plimsoll.yaml:5:44 PL0162 `db`: no version 99 is known; known are 18, 17, 16, 15, 14; of another write `image` as well",
                "plimsoll.yaml:5:59 PL0132 a store has at least one instance; write `enabled: false` to turn it off",
            ],
            edit: None,
        },
        Case {
            name: "digests that are none",
            text: "app: a\nservices: { a: { image: \"r.example/w@sha256:0123456789abcdef0123456789abcdef\" }, b: { image: \"r.example/w@sha256:xyz\" }, c: { image: \"r.example/w@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" } }\n",
            found: &[
                "plimsoll.yaml:2:25 PL0132 `digest` is `sha256:` and 64 hexadecimal digits, and `sha256:0123456789abcdef0123456789abcdef` is not; copy it whole from the registry, or write a tag",
                "plimsoll.yaml:2:94 PL0132 `digest` is `sha256:` and 64 hexadecimal digits, and `sha256:xyz` is not; copy it whole from the registry, or write a tag",
            ],
            edit: None,
        },
        Case {
            name: "more than all, never, and no time at all",
            text: "app: a\nservices: { web: { health: [] } }\nobserve: { objectives: { web: { availability: 101% } } }\njobs: { j: { when: { when: hourly, timezone: Europe/Berlln }, deadline: 0s }, k: { when: { when: hourly, timezone: Mars/X } } }\n",
            found: &[
                "plimsoll.yaml:2:28 PL0167 a probe runs a command of no words; write its words, or `none`",
                "plimsoll.yaml:3:47 PL0132 `availability` is a part of all requests, and 101% is more",
                "plimsoll.yaml:4:46 PL0132 there is no time zone `Europe/Berlln`; write `Europe/Berlin`",
                "plimsoll.yaml:4:73 PL0132 a deadline of no time lets nothing be done",
                "plimsoll.yaml:4:116 PL0132 there is no time zone `Mars/X`; write a name such as `Europe/Berlin`, or `UTC`",
            ],
            edit: Some(("Europe/Berlln", "Europe/Berlin")),
        },
        Case {
            name: "hosts that are no names",
            text: "app: a\nservices: { web: { ports: 80 } }\nroutes: { main: { hosts: [\"not a host\", \"https://a.example.org\", \"*.*.x\", \"*.ok.example.org\", Shop.example.org, 10.0.0.1], paths: { /: web } } }\n",
            found: &[
                "plimsoll.yaml:3:27 PL0132 a host is a name such as `shop.example.org`, and `not a host` is not",
                "plimsoll.yaml:3:41 PL0132 a host is a name such as `shop.example.org`, and `https://a.example.org` is not; write `a.example.org`",
                "plimsoll.yaml:3:66 PL0132 a host is a name such as `shop.example.org`, and `*.*.x` is not",
                "plimsoll.yaml:3:95 PL0132 a host is a name such as `shop.example.org`, and `Shop.example.org` is not; write `shop.example.org`",
                "plimsoll.yaml:3:113 PL0132 a host is a name such as `shop.example.org`, and `10.0.0.1` is not",
            ],
            edit: Some(("\"https://a.example.org\"", "a.example.org")),
        },
    ]);
}
