//! The container that sends copies to a bucket and fetches them.
//!
//! Source: rclone 1.71, "Environment variables" and "S3".

use plimsoll_source::{Node, Sourced};
use plimsoll_spec::app::External;
use plimsoll_world::{Form, Scope, SeqBuilder, form};

use super::{Kept, bucket};
use crate::cx::Cx;
use crate::stores::helper;

/// The image that sends and fetches: rclone, and the tools of Alpine.
const SENDER: &str = "docker.io/rclone/rclone:1.71.0";

/// What tells one sender from another.
pub struct Sender<'a> {
    /// Name of the container.
    pub name: &'static str,
    /// What it runs, told the bucket's folder as `FOLDER`.
    pub script: Node,
    /// Which copies: the last part of the folder.
    pub what: &'a str,
    /// Variables of its own.
    pub env: Form,
    /// Where it sees data, besides `/tmp`.
    pub mounts: Form,
}

/// The container, with the credentials of the bucket.
pub fn container(cx: &Cx, kept: &Kept, external: &External, own: Sender) -> Form {
    let s = &Scope::new("copies/sender").because(&external.origin);
    form!(s; {
        name: s.text(own.name),
        image: s.text(SENDER),
        command: ["/bin/sh", "-c", own.script],
        env: env(cx, s, kept, external, own.what, own.env),
        resources: helper::resources(s),
        securityContext: helper::security(kept.security),
        volumeMounts: [
            ..own.mounts,
            { name: "scratch", mountPath: "/tmp" },
        ],
    })
}

fn env(cx: &Cx, s: &Scope, kept: &Kept, external: &External, what: &str, own: Form) -> Form {
    let secret = bucket::secret_name(kept, external);
    let mut env = SeqBuilder::new(s);
    for key in bucket::keys(cx, external).into_values() {
        let key = Sourced::new(key.key, key.origin);
        env.push(
            s,
            form!(s; {
                name: &key,
                valueFrom: { secretKeyRef: { name: &secret, key: &key } },
            }),
        );
    }
    env.splice(s, own);
    let provider = match external.endpoint {
        Some(_) => "Other",
        None => "AWS",
    };
    let fixed = [
        ("RCLONE_CONFIG", "/tmp/rclone.conf"),
        ("RCLONE_CONFIG_TO_TYPE", "s3"),
        ("RCLONE_CONFIG_TO_ENV_AUTH", "true"),
        ("RCLONE_CONFIG_TO_PROVIDER", provider),
    ];
    for (name, value) in fixed {
        env.push(s, form!(s; { name: s.text(name), value: s.text(value) }));
    }
    if let Some(region) = &external.region {
        env.push(
            s,
            form!(s; { name: "RCLONE_CONFIG_TO_REGION", value: region }),
        );
    }
    if let Some(endpoint) = &external.endpoint {
        env.push(
            s,
            form!(s; { name: "RCLONE_CONFIG_TO_ENDPOINT", value: endpoint }),
        );
    }
    env.push(
        s,
        form!(s; { name: "FOLDER", value: bucket::folder(cx, kept, external, what) }),
    );
    env.build()
}
