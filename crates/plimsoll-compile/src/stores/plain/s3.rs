//! Object storage by `SeaweedFS`: master, volumes, files and the S3 gateway in one process.
//!
//! Source: `SeaweedFS` 4, "Amazon S3 API".

use super::super::credentials::{self, Credentials};
use super::super::recipe::Recipe;
use super::super::text::Text;
use super::{main_port, set_up_by, starts_by};
use crate::cx::Cx;
use plimsoll_spec::app::Store;

/// Adds identities and buckets.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    starts_by(recipe, start(cx, store, keys));
    let mut text = Text::new("stores/s3");
    text.line("set -eu");
    text.line("until wget -q -O /dev/null http://127.0.0.1:9333/cluster/status; do sleep 1; done");
    for bucket in store.databases.values() {
        text.of(&bucket.name, |name| {
            format!("until echo 's3.bucket.create -name {name}' | weed shell | grep -qv 'no filer'; do sleep 1; done")
        });
    }
    set_up_by(recipe, text);
}

fn start(cx: &Cx, store: &Store, keys: &mut Credentials) -> Text {
    let mut text = Text::new("stores/s3");
    text.line("set -eu")
        .line("umask 077")
        .line("{")
        .line("  echo '{ \"identities\": ['");
    let mut before = "";
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        text.of(&user.name, |name| {
            format!(
                "  echo \"{before}{{ \\\"name\\\": \\\"{name}\\\", \\\"credentials\\\": [{{ \\\"accessKey\\\": \\\"{name}\\\", \\\"secretKey\\\": \\\"${key}\\\" }}], \\\"actions\\\": [\\\"Admin\\\"] }}\""
            )
        });
        before = ", ";
    }
    text.line("  echo '] }'").line("} > /run/plimsoll/s3.json");
    let port = main_port(store);
    text.of(&store.data, |data| {
        format!(
            "exec weed server -dir={data} -ip=127.0.0.1 -ip.bind=0.0.0.0 -s3 -s3.port={port} -s3.config=/run/plimsoll/s3.json"
        )
    });
    text
}
