//! The list that people go through before, during and after a release; every line is ticked or
//! crossed by what the cluster shows.

use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};
use serde::Serialize;

use crate::error::ShipError;
use crate::family::{ready, wanted};
use crate::history;
use crate::lease;
use crate::obstacle::Obstacle;
use crate::picture::Picture;
use crate::plan::{Action, Plan, plan};
use crate::pod_spec::runs_replicas;
use crate::ready::{Readiness, in_conditions};
use crate::references::{items, text};
use crate::release::{ObjectKey, Release, Role, Target};
use crate::retry::{optional, retrying};
use crate::up::Options;

/// A certificate shall live at least this long.
const CERTIFICATE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A daily backup is late after this.
const BACKUP: SignedDuration = SignedDuration::from_hours(26);

/// When a line is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Before a release.
    Before,
    /// While it goes on.
    During,
    /// After it.
    After,
}

/// What the cluster shows of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mark {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// There is nothing that it could be about.
    Nothing,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// When.
    pub phase: Phase,
    /// What shall be so.
    pub what: &'static str,
    /// Whether it is.
    pub mark: Mark,
    /// How that is known.
    pub evidence: String,
}

/// Goes through the list for a release. Writes nothing.
pub async fn checklist(
    client: &Client,
    release: &Release,
    options: &Options,
) -> Result<Vec<Line>, ShipError> {
    let target = release.target();
    let plan = plan(client, release, options).await?;
    let mut list = List(Vec::new());
    list.before(&plan);
    list.images(release);
    list.lease(client, &target, options.clock.now()).await?;
    let Some(picture) = Picture::of(client, &target).await? else {
        list.add(
            Phase::After,
            "it was shipped",
            Mark::No,
            "nothing of it is there".to_owned(),
        );
        return Ok(list.0);
    };
    let now = options.clock.now();
    list.way_back(client, &target, &picture).await?;
    list.backups(client, &picture, now).await;
    list.during(&picture, release);
    list.pods(&picture);
    list.ready_objects(&picture);
    list.certificates(&picture, now);
    list.claims(&picture);
    list.by_hand(&plan);
    Ok(list.0)
}

/// What shall be so, what its objects are called, and their groups and kinds.
type SelfTold = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Lines about kinds that say themselves how they are.
const SELF_TOLD: [SelfTold; 4] = [
    (
        "routes are taken by their gateway",
        "routes",
        &[
            ("gateway.networking.k8s.io", "HTTPRoute"),
            ("gateway.networking.k8s.io", "GRPCRoute"),
            ("networking.k8s.io", "Ingress"),
        ],
    ),
    (
        "secrets arrive from their source",
        "sources",
        &[
            ("external-secrets.io", "ExternalSecret"),
            ("bitnami.com", "SealedSecret"),
        ],
    ),
    (
        "databases are healthy",
        "databases",
        &[("postgresql.cnpg.io", "Cluster")],
    ),
    ("services are there", "services", &[("", "Service")]),
];

struct List(Vec<Line>);

impl List {
    fn add(&mut self, phase: Phase, what: &'static str, mark: Mark, evidence: String) {
        self.0.push(Line {
            phase,
            what,
            mark,
            evidence,
        });
    }

    /// A line that holds if nothing speaks against it.
    fn against(&mut self, phase: Phase, what: &'static str, against: &[String], good: String) {
        if against.is_empty() {
            self.add(phase, what, Mark::Yes, good);
        } else {
            self.add(phase, what, Mark::No, against.join("; "));
        }
    }

    /// A line about a number of things, of which some may be bad.
    fn of_all(
        &mut self,
        phase: Phase,
        what: &'static str,
        count: usize,
        bad: &[String],
        word: &str,
    ) {
        if count == 0 {
            self.add(phase, what, Mark::Nothing, format!("there are no {word}"));
        } else {
            self.against(phase, what, bad, format!("{count} {word}"));
        }
    }

    fn before(&mut self, plan: &Plan) {
        let said = |wanted: &dyn Fn(&Obstacle) -> bool| -> Vec<String> {
            let of = plan.obstacles.iter().filter(|one| wanted(one));
            of.map(|one| format!("{}: {}", one.about, one.cause))
                .collect()
        };
        let rights = |one: &Obstacle| one.about == "rights";
        let secrets = |one: &Obstacle| one.about.starts_with("Secret/");
        let refused = |one: &Obstacle| {
            one.cause.contains("refuses it")
                || one.cause.contains("belongs to")
                || one.cause.contains("others set")
        };
        let lacking = |one: &Obstacle| !rights(one) && !secrets(one) && !refused(one);
        let phase = Phase::Before;
        let all = plan.changes.len() + plan.unchanged;
        self.against(
            phase,
            "the cluster has what the release needs",
            &said(&lacking),
            format!("{all} objects looked at"),
        );
        self.against(
            phase,
            "secrets that people bring are there",
            &said(&secrets),
            "every key is there".into(),
        );
        self.against(
            phase,
            "you may do what the release needs",
            &said(&rights),
            "asked of the API server".into(),
        );
        self.against(
            phase,
            "the cluster takes every change",
            &said(&refused),
            "by a dry run".into(),
        );
    }

    fn images(&mut self, release: &Release) {
        let images = release.images();
        let is_loose = |image: &str| {
            let last = image.rsplit('/').next().unwrap_or(image);
            !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"))
        };
        let loose: Vec<String> = images
            .iter()
            .filter(|(_, image)| is_loose(image))
            .map(|(unit, image)| format!("{unit}: {image}"))
            .collect();
        self.of_all(
            Phase::Before,
            "every image names its version",
            images.len(),
            &loose,
            "images",
        );
    }

    async fn lease(
        &mut self,
        client: &Client,
        target: &Target,
        now: Timestamp,
    ) -> Result<(), ShipError> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(client.clone(), &target.namespace, &lease::resource());
        let name = lease::name(target);
        let held = optional(retrying(|| api.get(&name)).await);
        let held = held.map_err(ShipError::request("reading the lease"))?;
        let holder = held.filter(|lease| {
            let renewed = text(&lease.data, "/spec/renewTime").parse::<Timestamp>();
            renewed.is_ok_and(|at| now.duration_since(at) < SignedDuration::from_secs(30))
        });
        let against: Vec<String> = holder
            .iter()
            .map(|lease| format!("{} does", text(&lease.data, "/spec/holderIdentity")))
            .collect();
        self.against(
            Phase::Before,
            "nobody else ships it right now",
            &against,
            "no lease is held".into(),
        );
        Ok(())
    }

    /// The releases that `rollback` takes: those whose databases did not move on.
    async fn way_back(
        &mut self,
        client: &Client,
        target: &Target,
        picture: &Picture,
    ) -> Result<(), ShipError> {
        let releases = &picture.record.journal.releases;
        let current = releases.last().map(|last| last.hash.as_str());
        let (mut can, mut cannot, mut leads_back) = (Vec::new(), Vec::new(), false);
        for one in releases.iter().filter(|one| one.kept) {
            let before = history::load(client, target, one.number).await?;
            let moved = before.and_then(|before| history::database_moved(&picture.record, &before));
            if let Some(moved) = moved {
                cannot.push(format!("release {}: {}", one.number, moved.cause));
            } else {
                leads_back |= Some(one.hash.as_str()) != current;
                can.push(one.number.to_string());
            }
        }
        let (mark, evidence) = if can.is_empty() && cannot.is_empty() {
            (Mark::Nothing, "none came up yet".to_owned())
        } else if leads_back || cannot.is_empty() {
            (Mark::Yes, format!("release {}", can.join(", ")))
        } else {
            (Mark::No, cannot.join("; "))
        };
        self.add(Phase::Before, "a release can come back", mark, evidence);
        Ok(())
    }

    async fn backups(&mut self, client: &Client, picture: &Picture, now: Timestamp) {
        let jobs = picture
            .live("batch", "CronJob")
            .filter(|(key, _)| key.name.contains("backup"))
            .map(|(key, job)| {
                let last = text(&job.data, "/status/lastSuccessfulTime").parse();
                (key, last.ok())
            });
        let mut backups: Vec<(&ObjectKey, Option<Timestamp>)> = jobs.collect();
        for (key, schedule) in picture.live("postgresql.cnpg.io", "ScheduledBackup") {
            backups.push((key, last_backup(client, picture, key, schedule).await));
        }
        let late: Vec<String> = backups
            .iter()
            .filter_map(|(key, last)| match last {
                Some(at) if now.duration_since(*at) < BACKUP => None,
                Some(at) => Some(format!("{key} last ended well at {at}")),
                None => Some(format!("{key} has not ended well yet")),
            })
            .collect();
        self.of_all(
            Phase::Before,
            "backups are fresh",
            backups.len(),
            &late,
            "backups",
        );
    }

    fn during(&mut self, picture: &Picture, release: &Release) {
        let migrations = release
            .objects
            .iter()
            .filter(|object| matches!(object.role, Role::Migration { .. }));
        let keys: Vec<_> = migrations.map(|object| &object.key).collect();
        let open: Vec<String> = keys
            .iter()
            .filter(|key| !picture.record.journal.has_run(key))
            .map(|key| format!("{key} has not run"))
            .collect();
        self.of_all(
            Phase::During,
            "migrations have run",
            keys.len(),
            &open,
            "migrations",
        );
        let workloads: Vec<_> = picture
            .entries()
            .filter(|(key, _)| runs_replicas(key))
            .collect();
        let open: Vec<String> = workloads
            .iter()
            .filter_map(|(key, _)| match picture.readiness(key) {
                Readiness::Ready => None,
                Readiness::Waiting(why) | Readiness::Failed(why) => Some(format!("{key}: {why}")),
                Readiness::Unattended => Some(format!("{key}: nobody attends it")),
            })
            .collect();
        self.of_all(
            Phase::During,
            "every rollout is complete",
            workloads.len(),
            &open,
            "rollouts",
        );
    }

    fn pods(&mut self, picture: &Picture) {
        let workloads = picture.entries().filter(|(key, _)| runs_replicas(key));
        let live: Vec<_> = workloads
            .filter_map(|(key, _)| Some((key, picture.observed.get(key)?)))
            .collect();
        let short: Vec<String> = live
            .iter()
            .filter(|(_, live)| ready(live) < wanted(live))
            .map(|(key, live)| format!("{key} has {} of {}", ready(live), wanted(live)))
            .collect();
        let sum: i64 = live.iter().map(|(_, live)| ready(live)).sum();
        self.against(
            Phase::After,
            "all pods are ready",
            &short,
            format!("{sum} pods"),
        );
        let families = crate::family::Families::of(&picture.observed);
        let pods: Vec<&DynamicObject> = live
            .iter()
            .flat_map(|(key, _)| families.pods(key).iter().copied())
            .collect();
        let probed = pods
            .iter()
            .flat_map(|pod| items(&pod.data, "/spec/containers"))
            .filter(|container| container.get("readinessProbe").is_some())
            .count();
        self.of_all(
            Phase::After,
            "health endpoints answer",
            probed,
            &short,
            "containers answer their probe",
        );
        let restarted: Vec<String> = pods
            .iter()
            .flat_map(|pod| {
                let statuses = items(&pod.data, "/status/containerStatuses").iter();
                statuses.map(|status| (pod.metadata.name.clone().unwrap_or_default(), status))
            })
            .filter(|(_, status)| status["restartCount"].as_u64().unwrap_or(0) > 0)
            .map(|(pod, status)| {
                format!(
                    "{pod} {} {} times",
                    text(status, "/name"),
                    status["restartCount"]
                )
            })
            .collect();
        self.of_all(
            Phase::After,
            "no container was restarted",
            pods.len(),
            &restarted,
            "pods",
        );
    }

    fn ready_objects(&mut self, picture: &Picture) {
        for (what, word, kinds) in SELF_TOLD {
            let found: Vec<_> = kinds
                .iter()
                .flat_map(|(group, kind)| {
                    picture
                        .entries()
                        .filter(move |(key, _)| key.group() == *group && key.kind == *kind)
                })
                .collect();
            let bad: Vec<String> = found
                .iter()
                .filter_map(|(key, _)| match picture.readiness(key) {
                    Readiness::Ready => None,
                    Readiness::Waiting(why) | Readiness::Failed(why) => {
                        Some(format!("{key}: {why}"))
                    }
                    Readiness::Unattended => Some(format!("{key}: nobody attends it")),
                })
                .collect();
            self.of_all(Phase::After, what, found.len(), &bad, word);
        }
        self.autoscalers(picture);
        self.budgets(picture);
    }

    fn autoscalers(&mut self, picture: &Picture) {
        let scalers: Vec<_> = picture
            .live("autoscaling", "HorizontalPodAutoscaler")
            .collect();
        let bad: Vec<String> = scalers
            .iter()
            .filter_map(|(key, live)| match in_conditions(live, "ScalingActive") {
                Some((false, said)) => Some(format!("{key}: {said}")),
                _ => None,
            })
            .collect();
        self.of_all(
            Phase::After,
            "autoscalers can scale",
            scalers.len(),
            &bad,
            "autoscalers",
        );
    }

    fn budgets(&mut self, picture: &Picture) {
        let budgets: Vec<_> = picture.live("policy", "PodDisruptionBudget").collect();
        let bad: Vec<String> = budgets
            .iter()
            .filter(|(_, live)| live.data["status"]["disruptionsAllowed"].as_i64() == Some(0))
            .map(|(key, _)| format!("{key} lets no pod go"))
            .collect();
        self.of_all(
            Phase::After,
            "nodes can be drained",
            budgets.len(),
            &bad,
            "disruption budgets",
        );
    }

    fn certificates(&mut self, picture: &Picture, now: Timestamp) {
        let certificates: Vec<_> = picture.live("cert-manager.io", "Certificate").collect();
        let bad: Vec<String> = certificates
            .iter()
            .filter_map(|(key, live)| {
                if let Some((false, said)) = in_conditions(live, "Ready") {
                    return Some(format!("{key}: {said}"));
                }
                let ends = text(&live.data, "/status/notAfter")
                    .parse::<Timestamp>()
                    .ok()?;
                (ends.duration_since(now) < CERTIFICATE).then(|| format!("{key} ends at {ends}"))
            })
            .collect();
        self.of_all(
            Phase::After,
            "certificates are valid for two weeks",
            certificates.len(),
            &bad,
            "certificates",
        );
    }

    fn claims(&mut self, picture: &Picture) {
        let claims: Vec<_> = picture
            .observed
            .of_kind("v1", "PersistentVolumeClaim")
            .collect();
        let open: Vec<String> = claims
            .iter()
            .filter(|(_, claim)| text(&claim.data, "/status/phase") != "Bound")
            .map(|(key, _)| format!("{key} is not bound"))
            .collect();
        self.of_all(
            Phase::After,
            "disks are bound",
            claims.len(),
            &open,
            "claims",
        );
    }

    /// The plan of what the file says: what it would write is not as shipped, or not shipped yet.
    fn by_hand(&mut self, plan: &Plan) {
        let differs: Vec<String> = plan
            .changes
            .iter()
            .filter(|change| !matches!(change.action, Action::Keep | Action::Wait))
            .map(|change| format!("{} would {}", change.object, change.action))
            .collect();
        self.against(
            Phase::After,
            "the cluster is as the file says",
            &differs,
            format!("{} objects", plan.unchanged),
        );
    }
}

/// When a backup of a schedule's database last ended well (CloudNativePG 1.30: a `Backup` for each, which
/// says so itself). None also where they may not be looked at.
async fn last_backup(
    client: &Client,
    picture: &Picture,
    key: &ObjectKey,
    schedule: &DynamicObject,
) -> Option<Timestamp> {
    let namespace = key.namespace.as_deref();
    let backup = ObjectKey::new(&key.api_version, "Backup", namespace, "");
    let api = picture.kinds.api(client, &backup).ok()?;
    let all = ListParams::default();
    let list = retrying(|| api.list(&all)).await.ok()?;
    let of_database = |backup: &&DynamicObject| {
        let database = |object: &DynamicObject| text(&object.data, "/spec/cluster/name").to_owned();
        database(backup) == database(schedule) && text(&backup.data, "/status/phase") == "completed"
    };
    let ended = list.items.iter().filter(of_database);
    ended
        .filter_map(|backup| text(&backup.data, "/status/stoppedAt").parse().ok())
        .max()
}
