//! The drill of a claim: its last copy is unpacked into a scratch claim that goes with the pod.

use plimsoll_source::{Node, Str};
use plimsoll_spec::app::External;
use plimsoll_spec::app::job::When;
use plimsoll_spec::types::Moment;
use plimsoll_world::{ObjectForm, Scope, form};

use super::claim::Pods;
use super::sender::{self, Sender};
use super::{bucket, scheduled};
use crate::claim::class;
use crate::cx::Objects;
use crate::stores::text::Text;

/// Adds the drill of a claim.
pub fn add(pods: &Pods, when: &When, external: &External, out: &mut Objects) {
    let moment = when.when.fixed();
    let Moment::Cron(_) = moment.peek() else {
        return;
    };
    let s = &Scope::new("copies/drill").because(moment.origin());
    let name = pods.kept.named("drill");
    let own = Sender {
        name: "restore",
        script: restore_script(),
        what: "full",
        env: form!(s; []),
        mounts: form!(s; [{ name: "data", mountPath: "/restore" }]),
    };
    let container = sender::container(pods.cx, pods.kept, external, own);
    let claim = pods.claim;
    let scratch = form!(s; {
        ephemeral: { volumeClaimTemplate: { spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: claim.class.as_ref().map(|name| class(pods.cx, name)),
            resources: { requests: { storage: &claim.size } },
        } } },
    });
    let template = pods.template(&name, None, container, scratch);
    let schedule = moment.map(|moment| match moment {
        Moment::Cron(cron) => cron.five(),
        _ => Str::default(),
    });
    let metadata = pods.metadata(&name, &name);
    let body = scheduled(metadata, &schedule, &when.timezone, template);
    let kept = pods.kept;
    out.push(ObjectForm::new(kept.unit.clone(), kept.when.clone(), body));
    pods.policy("drill", &[bucket::way(external)], out);
}

/// The newest archive; names are times, so the last one is.
fn restore_script() -> Node {
    let mut text = Text::new("copies/drill");
    text.line("set -eu -o pipefail")
        .line(
            "newest=$(rclone lsf --files-only --include '*.tar.gz' \"$FOLDER\" | sort | tail -n 1)",
        )
        .line("[ -n \"$newest\" ] || { echo 'there is no copy to restore'; exit 1; }")
        .line("rclone cat \"$FOLDER/$newest\" | tar -C /restore -xz")
        .line("files=$(find /restore -type f | wc -l)")
        .line("echo \"$newest: $files files\"")
        .line("[ \"$files\" -gt 0 ]");
    text.build()
}
