//! Copies of a claim's files: a CronJob reads them beside the program that mounts them and streams
//! them to a bucket as one archive. Nothing of them touches the disk of a node.
//!
//! It is what a disk would hold had its power been cut: a program that keeps several files in step
//! is better copied by commands of its own.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Level, Node, Rule, Sourced, Str};
use plimsoll_spec::app::claim::ClaimBackup;
use plimsoll_spec::app::store::Copy;
use plimsoll_spec::app::{Claim, External};
use plimsoll_spec::types::Cron;
use plimsoll_world::{Cond, Form, Fragment, MapBuilder, ObjectForm, Scope, Unit, form};

use super::sender::{self, Sender};
use super::{Kept, bucket, drill, scheduled};
use crate::cx::{Cx, Objects};
use crate::names;
use crate::network;
use crate::program::Program;
use crate::secrets::plan::Plan;
use crate::stores::text::Text;
use crate::workload::{account, placement, pod};

/// A backup of a claim that no program mounts.
pub static NOBODY_MOUNTS: Rule = Rule {
    code: "PL0432",
    name: "backup-without-program",
    level: Level::Error,
    consequence: "no copy of the data is made, though the file asks for one",
    docs: "The files of a claim are read as the user of the program that mounts it, on the node where \
           its disk is. Nothing in this file mounts the claim: name it in the `volumes` of a service, \
           a job or a store in the claim's namespace, or write `backup: none`.",
};

/// The copies of all claims.
pub fn objects(cx: &Cx, plan: &mut Plan, out: &mut Objects) {
    for claim in cx.app.claims.values() {
        if let Some(backup) = claim.backup.some() {
            of_claim(cx, claim, backup, plan, out);
        }
    }
}

/// The program beside which the files of a claim are read.
struct Reader<'a> {
    program: &'a Program<'a>,
    /// Whether its pods stay, so that the disk is where they are.
    stays: bool,
}

/// Who mounts a claim: rather one whose pods stay than one whose pods come and go.
fn reader<'a>(cx: &'a Cx, claim: &Claim) -> Option<Reader<'a>> {
    let mounts = |program: &Program| {
        let mut claims = program
            .volumes
            .values()
            .filter_map(|volume| volume.claim.as_ref());
        claims.any(|name| name.peek() == claim.name.peek())
            && program.namespace.peek() == claim.namespace.peek()
    };
    let stays = |program: &Program| matches!(program.unit, Unit::Service(_) | Unit::Store(_));
    let found = cx.edges.programs().iter().filter(|program| mounts(program));
    let program = found.max_by_key(|program| (stays(program), *program.enabled.peek()))?;
    Some(Reader {
        program,
        stays: stays(program),
    })
}

fn of_claim(cx: &Cx, claim: &Claim, backup: &ClaimBackup, plan: &mut Plan, out: &mut Objects) {
    let Some(reader) = reader(cx, claim) else {
        let message = format!(
            "nothing mounts `{}`, so nothing is saved",
            claim.name.peek()
        );
        let finding =
            Finding::new(&NOBODY_MOUNTS, message).mark_origin(&backup.origin, "this backup");
        cx.report(finding.help("mount it in the `volumes` of a service, or write `backup: none`"));
        return;
    };
    let kept = Kept::claim(claim, reader.program);
    let pods = Pods {
        cx,
        claim,
        kept: &kept,
        reader: &reader,
    };
    let mut buckets: IndexMap<Str, &External> = IndexMap::new();
    for (what, copy) in copies(backup) {
        let Some(external) = bucket::of(cx, backup.to.as_ref(), copy) else {
            continue;
        };
        buckets.insert(external.name.peek().clone(), external);
        let body = pods.copying(what, copy, external);
        out.push(ObjectForm::new(kept.unit.clone(), kept.when.clone(), body));
    }
    if let (Some(when), Some(copy)) = (&backup.drill, &backup.full)
        && let Some(external) = bucket::of(cx, backup.to.as_ref(), copy)
    {
        buckets.insert(external.name.peek().clone(), external);
        drill::add(&pods, when, external, out);
    }
    for external in buckets.values() {
        bucket::secret(cx, &kept, external, plan);
    }
    let egress: Vec<_> = buckets
        .values()
        .map(|external| bucket::way(external))
        .collect();
    pods.policy("backup", &egress, out);
}

fn copies(backup: &ClaimBackup) -> impl Iterator<Item = (&'static str, &Copy)> {
    let all = [
        ("full", &backup.full),
        ("offsite", &backup.offsite),
        ("archive", &backup.archive),
    ];
    all.into_iter()
        .filter_map(|(what, copy)| Some((what, copy.as_ref()?)))
}

/// What makes the pods that copy a claim, or try its copies.
pub(super) struct Pods<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) claim: &'a Claim,
    pub(super) kept: &'a Kept<'a>,
    reader: &'a Reader<'a>,
}

impl Pods<'_> {
    fn copying(&self, what: &'static str, copy: &Copy, external: &External) -> Form {
        let s = &Scope::new("copies/claim").because(copy.when.origin());
        let labelled = self.kept.named("backup");
        let keep = copy.keep.map(|keep| Str::from(format!("{}s", keep.secs())));
        let own = Sender {
            name: "send",
            script: send_script(),
            what,
            // An upload of unknown length has at most 10,000 parts: 1.2 TiB in parts of this size, one
            // of them in memory at a time.
            env: form!(s; [
                { name: "KEEP", value: &keep },
                { name: "RCLONE_CONFIG_TO_CHUNK_SIZE", value: "128Mi" },
                { name: "RCLONE_CONFIG_TO_UPLOAD_CONCURRENCY", value: "1" },
            ]),
            mounts: form!(s; [{ name: "data", mountPath: "/data", readOnly: true }]),
        };
        let container = sender::container(self.cx, self.kept, external, own);
        let claim = &self.claim.name;
        let data = form!(s; { persistentVolumeClaim: { claimName: claim, readOnly: true } });
        let template = self.template(&labelled, self.beside(), container, data);
        let name = self.kept.named(&format!("backup-{what}"));
        let schedule = copy.when.map(Cron::five);
        let metadata = self.metadata(&name, &labelled);
        scheduled(metadata, &schedule, &copy.timezone, template)
    }

    /// Metadata of an object.
    pub(super) fn metadata(&self, name: &Sourced<Str>, labelled: &Sourced<Str>) -> Form {
        let s = &Scope::new("copies/claim").because(&self.claim.origin);
        form!(s; {
            name: name,
            namespace: self.kept.namespace,
            labels: names::labels(self.cx, labelled, "claim"),
        })
    }

    /// A disk that one node has at a time is read on the node of the program that has it.
    fn beside(&self) -> Option<Form> {
        let Reader { program, stays } = self.reader;
        let s = &Scope::new("copies/claim").because(program.origin);
        let bound = Cond::decided(&self.claim.shared, |shared| !shared);
        stays.then(|| {
            form!(s; {
                when (bound) podAffinity: {
                    requiredDuringSchedulingIgnoredDuringExecution: [{
                        topologyKey: "kubernetes.io/hostname",
                        labelSelector: { matchLabels: names::selector(self.cx, &program.name) },
                    }],
                },
            })
        })
    }

    /// The pod template: of the reader's account and user, with the data as a volume.
    pub(super) fn template(
        &self,
        labelled: &Sourced<Str>,
        affinity: Option<Form>,
        container: Form,
        data: Form,
    ) -> Form {
        let Self { cx, reader, .. } = self;
        let s = &Scope::new("copies/claim").because(&self.claim.origin);
        let mut annotations = MapBuilder::new(s);
        if let Some((key, value)) = account::mesh_annotation(cx) {
            annotations.put(s, key, value);
        }
        form!(s; {
            metadata: {
                labels: names::labels(cx, labelled, "claim"),
                annotations: Fragment(annotations.build()),
            },
            spec: {
                serviceAccountName: &reader.program.name,
                automountServiceAccountToken: false,
                enableServiceLinks: false,
                imagePullSecrets: crate::workload::container::pull_secrets(cx),
                restartPolicy: "Never",
                securityContext: pod::security(cx, reader.program),
                affinity: affinity.map(Fragment),
                tolerations: Fragment(placement::tolerations(cx, s, reader.program.placement.peek())),
                containers: [container],
                volumes: [
                    { name: "data", ..data },
                    { name: "scratch", emptyDir: {} },
                ],
            },
        })
    }

    /// What the pods of one kind may reach.
    pub(super) fn policy(&self, what: &str, egress: &[network::flow::Flow], out: &mut Objects) {
        network::guard(
            self.cx,
            &self.kept.unit,
            &self.kept.named(what),
            self.kept.namespace,
            "claim",
            &self.kept.when,
            (&[], egress),
            out,
        );
    }
}

/// An archive gets its name when it is whole: what is being sent has another one.
fn send_script() -> Node {
    let mut text = Text::new("copies/claim");
    text.line("set -eu -o pipefail")
        .line("name=$(date -u +%Y%m%dT%H%M%SZ)")
        .line("tar -C /data -cz . | rclone rcat \"$FOLDER/$name.part\"")
        .line("rclone moveto \"$FOLDER/$name.part\" \"$FOLDER/$name.tar.gz\"")
        .line("exec rclone delete --min-age \"$KEEP\" \"$FOLDER\"");
    text.build()
}
