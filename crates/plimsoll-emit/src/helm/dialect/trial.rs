//! `helm test`: for each service a Job that asks it through its Service, as its readiness probe does, and the
//! policies that let the two meet. All of it is there while the test runs, and goes with it.

use super::super::bind::{closed_seq, joined};
use super::super::family::kind_of;
use super::super::words::Words;
use super::super::{canon, logic};
use super::copies::{as_expr, form};
use super::tree::{annotated, at, entry, items, map, text};
use plimsoll_source::{Node, Origin};
use plimsoll_world::{Cond, Expr, Form, MapPart, ObjectForm, Role, SeqPart, Unit};

/// What asks: it has a shell's usual tools, and runs as anybody.
const IMAGE: &str = "docker.io/library/busybox:1.37.0";
/// Where the values name it.
const WORD: &str = "tests.image";
/// What the names of all that belongs to a test end with.
const SUFFIX: &str = "-test";
const NAME: &str = "app.kubernetes.io/name";

/// A test of one service: objects in the order in which Helm makes them.
pub struct Trial {
    /// The service.
    pub unit: Unit,
    /// What lets it exist.
    pub when: Cond,
    /// The bodies.
    pub objects: Vec<Form>,
}

/// The tests of a chart, and the word that names their image.
pub(super) fn of(objects: &[ObjectForm], words: &mut Words, environments: usize) -> Vec<Trial> {
    let asked: Vec<_> = objects
        .iter()
        .filter_map(|object| asked(objects, object))
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let image = image(words, environments);
    let mut trials: Vec<Trial> = Vec::new();
    for asked in &asked {
        // A service that is a Deployment here and a Rollout there is asked in the same way.
        match trials
            .iter_mut()
            .find(|trial| trial.unit == asked.workload.unit)
        {
            Some(known) => known.when = logic::or(known.when.clone(), asked.when()),
            None => trials.push(asked.trial(&image)),
        }
    }
    trials
}

/// The word of the image.
fn image(words: &mut Words, environments: usize) -> Expr {
    let value = Node::Text(Origin::rule("helm", []), IMAGE.into());
    let image = words.automatic(&[WORD.to_owned()], vec![Some(value); environments]);
    if let Expr::Val(param) = &image
        && let Some(word) = words.all.get_mut(param.handle.0.as_str())
    {
        word.automatic = false;
        word.about =
            Some("image of the Jobs of `helm test`, with `wget` and `nc` in it".to_owned());
    }
    image
}

/// A service that a test can ask.
struct Asked<'a> {
    workload: &'a ObjectForm,
    service: &'a ObjectForm,
    name: Form,
    /// The port of the Service.
    port: Form,
    /// The port of its pods.
    inner: Form,
    /// The path, where it speaks HTTP.
    path: Option<Form>,
}

/// What stands behind a workload's readiness probe; nothing where no Service leads there, or where a mesh
/// knows each caller.
fn asked<'a>(objects: &'a [ObjectForm], workload: &'a ObjectForm) -> Option<Asked<'a>> {
    if workload.role != Role::Workload || !matches!(workload.unit, Unit::Service(_)) {
        return None;
    }
    let own = |kind: &str| {
        let mut own = objects.iter().filter(|object| object.unit == workload.unit);
        own.find(|object| {
            *kind_of(object) == *kind && at(&object.body, &["spec", "clusterIP"]).is_none()
        })
    };
    if own("AuthorizationPolicy").is_some() {
        return None;
    }
    let service = own("Service")?;
    let containers = at(&workload.body, &["spec", "template", "spec", "containers"])?;
    let container = first(&containers)?;
    let (http, tcp) = (
        ["readinessProbe", "httpGet"],
        ["readinessProbe", "tcpSocket"],
    );
    let plain = at(&container, &http)
        .filter(|probe| at(probe, &["httpHeaders"]).is_none() && at(probe, &["scheme"]).is_none());
    let probe = plain
        .clone()
        .or_else(|| at(&container, &http))
        .or_else(|| at(&container, &tcp))?;
    let target = at(&probe, &["port"])?;
    let same = |form: Form| canon::form(&form) == canon::form(&target);
    let ports = at(&service.body, &["spec", "ports"])?;
    let outer = each(&ports).find(|port| at(port, &["targetPort"]).is_some_and(same))?;
    let inner = at(&container, &["ports"])?;
    let inner = each(&inner).find(|port| at(port, &["name"]).is_some_and(same));
    Some(Asked {
        workload,
        service,
        name: at(&service.body, &["metadata", "name"])?,
        port: at(&outer, &["port"])?,
        inner: inner
            .and_then(|port| at(&port, &["containerPort"]))
            .unwrap_or(target.clone()),
        path: plain.and_then(|probe| at(&probe, &["path"])),
    })
}

impl Asked<'_> {
    fn trial(&self, image: &Expr) -> Trial {
        Trial {
            unit: self.workload.unit.clone(),
            when: self.when(),
            objects: vec![self.way_out(), self.way_in(), self.job(image)],
        }
    }

    /// Where both the pods and the Service are.
    fn when(&self) -> Cond {
        let (service, workload) = (&self.service.when, &self.workload.when);
        if canon::when(Some(service)) == canon::when(Some(workload)) {
            service.clone()
        } else {
            logic::and(service.clone(), workload.clone())
        }
    }

    fn suffixed(&self, suffix: &str) -> Form {
        form(joined([as_expr(&self.name), as_expr(&text(suffix))]))
    }

    fn metadata(&self, suffix: &str, weight: &str, policy: &str) -> Vec<MapPart> {
        let labels =
            at(&self.service.body, &["metadata", "labels"]).unwrap_or_else(|| map(Vec::new()));
        let mut all: Vec<MapPart> = self.pods().into_iter().collect();
        let others = super::tree::parts(&labels).into_iter();
        all.extend(others.filter(
            |part| matches!(part, MapPart::Entry { key, .. } if key.ends_with("/part-of")),
        ));
        all.push(entry("app.kubernetes.io/component", text("test")));
        let mut metadata = vec![entry("name", self.suffixed(suffix))];
        metadata.extend(
            at(&self.service.body, &["metadata", "namespace"]).map(|own| entry("namespace", own)),
        );
        metadata.push(entry("labels", map(all)));
        let body = map(vec![entry("metadata", map(metadata))]);
        let hook = [
            ("helm.sh/hook", "test"),
            ("helm.sh/hook-weight", weight),
            ("helm.sh/hook-delete-policy", policy),
        ];
        super::tree::parts(&annotated(&body, &hook))
    }

    /// Labels of the pods that ask.
    fn pods(&self) -> Vec<MapPart> {
        let selector =
            at(&self.service.body, &["spec", "selector"]).unwrap_or_else(|| map(Vec::new()));
        let others = super::tree::parts(&selector).into_iter();
        let mut all = vec![entry(NAME, self.suffixed(SUFFIX))];
        all.extend(
            others.filter(|part| !matches!(part, MapPart::Entry { key, .. } if key == NAME)),
        );
        all
    }

    fn policy(&self, suffix: &str, from: Form, direction: (&str, &str, &str), peer: Form) -> Form {
        let (kind, rules, side) = direction;
        let port = map(vec![
            entry("port", self.inner.clone()),
            entry("protocol", text("TCP")),
        ]);
        let peer = map(vec![entry("podSelector", selected(peer))]);
        let rule = map(vec![
            entry(side, list([peer])),
            entry("ports", list([port])),
        ]);
        let mut all = vec![
            entry("apiVersion", text("networking.k8s.io/v1")),
            entry("kind", text("NetworkPolicy")),
        ];
        all.extend(self.metadata(
            suffix,
            "-10",
            "before-hook-creation,hook-succeeded,hook-failed",
        ));
        all.push(entry(
            "spec",
            map(vec![
                entry("podSelector", selected(from)),
                entry("policyTypes", list([text(kind)])),
                entry(rules, list([rule])),
            ]),
        ));
        map(all)
    }

    fn target(&self) -> Form {
        at(&self.service.body, &["spec", "selector"]).unwrap_or_else(|| map(Vec::new()))
    }

    fn way_out(&self) -> Form {
        let direction = ("Egress", "egress", "to");
        self.policy("-test-out", map(self.pods()), direction, self.target())
    }

    fn way_in(&self) -> Form {
        let direction = ("Ingress", "ingress", "from");
        self.policy("-test-in", self.target(), direction, map(self.pods()))
    }

    /// Asks until it is answered, a few times.
    fn job(&self, image: &Expr) -> Form {
        let command: Vec<Form> = match &self.path {
            Some(path) => {
                let words = ["wget", "-q", "-T", "5", "-O", "/dev/null"].map(text);
                let url = [
                    text("http://"),
                    self.name.clone(),
                    text(":"),
                    self.port.clone(),
                    path.clone(),
                ];
                let url = joined(url.iter().map(as_text));
                words.into_iter().chain([form(url)]).collect()
            }
            None => {
                let words = ["nc", "-z", "-w", "5"].map(text);
                let port = form(joined([as_text(&text("")), as_text(&self.port)]));
                words.into_iter().chain([self.name.clone(), port]).collect()
            }
        };
        let amounts = |cpu: &str, memory: &str| {
            map(vec![
                entry("cpu", text(cpu)),
                entry("memory", text(memory)),
                entry("ephemeral-storage", text("16Mi")),
            ])
        };
        let container = map(vec![
            entry("name", text("test")),
            entry("image", form(image.clone())),
            entry("command", list(command)),
            entry(
                "resources",
                map(vec![
                    entry("requests", amounts("10m", "16Mi")),
                    entry("limits", amounts("100m", "32Mi")),
                ]),
            ),
            entry(
                "securityContext",
                map(vec![
                    entry("allowPrivilegeEscalation", flag(false)),
                    entry("readOnlyRootFilesystem", flag(true)),
                    entry(
                        "capabilities",
                        map(vec![entry("drop", list([text("ALL")]))]),
                    ),
                ]),
            ),
        ]);
        let pod = map(vec![
            entry("restartPolicy", text("Never")),
            entry("automountServiceAccountToken", flag(false)),
            entry("enableServiceLinks", flag(false)),
            entry(
                "securityContext",
                map(vec![
                    entry("runAsNonRoot", flag(true)),
                    entry("runAsUser", number(65534)),
                    entry(
                        "seccompProfile",
                        map(vec![entry("type", text("RuntimeDefault"))]),
                    ),
                ]),
            ),
            entry("containers", list([container])),
        ]);
        let template = map(vec![
            entry("metadata", map(vec![entry("labels", map(self.pods()))])),
            entry("spec", pod),
        ]);
        let mut all = vec![
            entry("apiVersion", text("batch/v1")),
            entry("kind", text("Job")),
        ];
        all.extend(self.metadata(SUFFIX, "0", "before-hook-creation,hook-succeeded"));
        all.push(entry(
            "spec",
            map(vec![
                entry("backoffLimit", number(4)),
                entry("activeDeadlineSeconds", number(240)),
                entry("template", template),
            ]),
        ));
        map(all)
    }
}

fn selected(labels: Form) -> Form {
    map(vec![entry("matchLabels", labels)])
}

fn list(all: impl IntoIterator<Item = Form>) -> Form {
    let item = |value| SeqPart::Item { when: None, value };
    closed_seq(
        &Origin::rule("helm", []),
        all.into_iter().map(item).collect(),
    )
}

fn each(list: &Form) -> impl Iterator<Item = Form> {
    items(list).into_iter().filter_map(|part| match part {
        SeqPart::Item { value, .. } => Some(value),
        _ => None,
    })
}

fn first(list: &Form) -> Option<Form> {
    each(list).next()
}

/// A part of a text, also of a number.
fn as_text(form: &Form) -> Expr {
    match form {
        Form::Plain(Node::Int(origin, number)) => {
            Expr::Lit(Node::Text(origin.clone(), number.to_string().into()))
        }
        other => as_expr(other),
    }
}

fn flag(on: bool) -> Form {
    Form::Plain(Node::Bool(Origin::rule("helm", []), on))
}

fn number(number: i64) -> Form {
    Form::Plain(Node::Int(Origin::rule("helm", []), number))
}
