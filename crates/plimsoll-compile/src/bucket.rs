//! What the user of a bucket has as variables, be it of a store of our own or of an external: where it is,
//! and the credentials under the names that every SDK reads.

use crate::address::{self, SecretValue, Side};
use crate::cx::Cx;
use crate::names;
use crate::program::Program;
use crate::secrets::plan;
use crate::text;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::pod::SecretUse;
use plimsoll_spec::app::store::{Engine, Run};
use plimsoll_spec::app::{Store, Use};
use plimsoll_spec::types::{Target, TargetField};
use plimsoll_world::Expr;

/// Names of the credentials (AWS SDKs and Tools Reference Guide, "Environment variables").
const USER: &str = "AWS_ACCESS_KEY_ID";
const PASSWORD: &str = "AWS_SECRET_ACCESS_KEY";

/// The variables of an edge to a bucket that are no secrets.
pub fn variables(cx: &Cx, program: &Program, uses: &Use) -> Vec<(Sourced<Str>, Expr)> {
    let Some((name, origin)) = bucket(cx, &uses.target) else {
        return Vec::new();
    };
    let prefix = names::variable(name);
    let named = |word: &str| format!("{prefix}_{word}");
    let mut fields = vec![
        (named("BUCKET"), TargetField::Bucket),
        (named("REGION"), TargetField::Region),
        (named("ENDPOINT"), TargetField::Endpoint),
    ];
    if own(cx, program, uses).is_some_and(|store| *store.run.peek() != Run::External) {
        fields.push((USER.to_owned(), TargetField::User));
    }
    let side = Side::of(program, Some(uses));
    let from = program.namespace.peek();
    let all = fields.into_iter().filter_map(|(name, field)| {
        let pieces = address::field(cx, from, Some(uses), side, &uses.target, &field, origin)?;
        let value = text::of_pieces(pieces, origin).expr;
        Some((Sourced::rule("bucket", name.into()), value))
    });
    all.collect()
}

/// The secrets of an edge to a store of buckets; `None` where it is to anything else, or has a URL.
pub fn secrets(cx: &Cx, program: &Program, uses: &Use) -> Option<Vec<SecretValue>> {
    let store = own(cx, program, uses)?;
    if *store.run.peek() == Run::External {
        let secret = store.secret.as_ref()?;
        let given = SecretUse {
            name: secret.clone(),
            from: None,
            file: None,
        };
        return Some(plan::asked(cx, &given));
    }
    let password = address::password(cx, Some(uses), &uses.target, &uses.origin)?;
    Some(vec![SecretValue {
        key: PASSWORD.into(),
        ..password
    }])
}

/// The bucket of a target, by the name of its block.
fn bucket<'a>(cx: &'a Cx, target: &'a Target) -> Option<(&'a Str, &'a Origin)> {
    match target {
        Target::External(name) => {
            let external = cx.app.externals.get(name)?;
            external.bucket.as_ref()?;
            Some((name, &external.origin))
        }
        Target::Store { .. } => {
            let store = store(cx, target)?;
            Some((store.name.peek(), &store.origin))
        }
        Target::Service(_) | Target::Slot(_) => None,
    }
}

fn store<'a>(cx: &'a Cx, target: &Target) -> Option<&'a Store> {
    let Target::Store { store, .. } = target else {
        return None;
    };
    let store = cx.app.stores.get(store)?;
    (*store.engine.peek() == Engine::S3).then_some(store)
}

/// The store of buckets whose credentials an edge brings: those names are there once, so that of several
/// stores the first has them.
fn own<'a>(cx: &'a Cx, program: &Program, uses: &Use) -> Option<&'a Store> {
    let wants = |uses: &&Use| {
        let has_url = address::variable(cx, uses).is_some();
        !has_url && !plan::said_none(uses) && store(cx, &uses.target).is_some()
    };
    let first = program.uses.values().find(wants)?;
    (first.target == uses.target).then(|| store(cx, &uses.target))?
}

#[cfg(test)]
mod tests {
    use crate::stores::tests::{container, made, variable};
    use serde_json::json;

    const STORE: &str = "
services: { web: { ports: 3000, uses: [files] } }
stores: { files: { engine: s3, databases: [photos], backup: none } }
platform: { secrets: external }
";

    /// Holds LANGUAGE 5.3: who uses an `s3` store gets what the user of an external bucket gets.
    #[test]
    fn a_user_of_our_own_buckets_can_use_them() {
        let made = made(STORE);
        let pod = made.object("Deployment/web");
        let web = container(&pod, "web");
        let value = |name: &str| variable(web, name)["value"].clone();
        assert_eq!(value("FILES_BUCKET"), "photos");
        assert_eq!(value("FILES_REGION"), "us-east-1");
        assert_eq!(value("FILES_ENDPOINT"), "http://files:8333");
        assert_eq!(value("AWS_ACCESS_KEY_ID"), "photos");
        let secret = &variable(web, "AWS_SECRET_ACCESS_KEY")["valueFrom"]["secretKeyRef"];
        let expected = json!({ "name": "web-secrets", "key": "AWS_SECRET_ACCESS_KEY" });
        assert_eq!(*secret, expected);
        let held = &made.object("ExternalSecret/web-secrets")["spec"]["data"][0];
        let stored = &made.object("ExternalSecret/files-credentials")["spec"]["data"][0];
        assert_eq!(held["remoteRef"], stored["remoteRef"]);
    }

    #[test]
    fn others_may_run_the_store_and_the_user_may_refuse_its_credentials() {
        let external = "
services:
  web: { ports: 3000, uses: [files] }
  mirror: { ports: 3000, uses: [{ files: { as: none } }] }
stores: { files: { engine: s3, run: external, host: s3.example.net, databases: [photos], secret: KEYS } }
secrets: { KEYS: { keys: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] } }
";
        let made = made(external);
        let web = made.object("Deployment/web");
        let web = container(&web, "web");
        let keys = |name: &str| variable(web, name)["valueFrom"]["secretKeyRef"]["key"].clone();
        assert_eq!(keys("AWS_ACCESS_KEY_ID"), "AWS_ACCESS_KEY_ID");
        assert_eq!(keys("AWS_SECRET_ACCESS_KEY"), "AWS_SECRET_ACCESS_KEY");
        assert_eq!(variable(web, "FILES_BUCKET")["value"], "photos");
        let mirror = made.object("Deployment/mirror")["spec"].to_string();
        assert!(
            mirror.contains("FILES_BUCKET") && !mirror.contains("AWS_"),
            "{mirror}"
        );
    }
}
