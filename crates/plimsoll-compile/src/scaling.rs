//! How many pods: autoscalers and disruption budgets.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::workload::rollout;
use plimsoll_source::{Knob, Node, Origin, Sourced, Str};
use plimsoll_spec::app::platform::AutoscalerUse;
use plimsoll_spec::app::scale::{Amount, Pace, Per};
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::{OrNone, Service};
use plimsoll_spec::types::{Percent, Rate};
use plimsoll_world::{Cond, Expr, Form, Lit, ObjectForm, Op, Scope, SeqBuilder, form};

/// Autoscaler and budget of a service.
pub fn objects(cx: &Cx, service: &Service, program: &Program, out: &mut Objects) {
    if *service.kind.peek() == Kind::DaemonSet || *service.scale.replicas.single.peek() {
        return;
    }
    let auto = program.on().and(Cond::on(&service.scale.replicas.auto));
    let keda = needs_events(cx, service);
    let plain = ObjectForm::new(
        program.unit.clone(),
        auto.clone().and(keda.clone().not()),
        autoscaler(cx, service, program),
    );
    out.push(plain);
    let scaled = scaled_object(cx, service, program);
    out.push(ObjectForm::new(
        program.unit.clone(),
        auto.and(keda),
        scaled,
    ));
    if let Some(budget) = budget(cx, service, program) {
        out.push(budget);
    }
}

/// Whether it scales by more than the metrics that every cluster has.
fn needs_events(cx: &Cx, service: &Service) -> Cond {
    let keda = Cond::decided(&cx.app.platform.autoscaler.use_, |use_| {
        *use_ == AutoscalerUse::Keda
    });
    let counted = service
        .metrics
        .as_ref()
        .is_some_and(|metrics| metrics.series.requests.is_some());
    let requests = Cond::on(&RateKnob(&service.scale.requests).knob())
        .and(Cond::known(counted, &service.origin));
    let queries = Cond::known(!service.scale.queries.is_empty(), &service.origin);
    keda.and(requests.or(queries))
}

/// Requests per second and pod, as a whole number where it is one.
struct RateKnob<'a>(&'a Knob<Option<Rate>>);

impl RateKnob<'_> {
    fn knob(&self) -> Knob<Option<String>> {
        let text = |rate: &Option<Rate>| rate.as_ref().map(per_second);
        Knob::new(self.0.handle().clone(), self.0.fixed().map(text))
    }
}

fn per_second(rate: &Rate) -> String {
    let milli = rate.milli_per_second();
    if milli.is_multiple_of(1000) {
        (milli / 1000).to_string()
    } else {
        format!("{}.{:03}", milli / 1000, milli % 1000)
    }
}

/// A target in percent, as the number that values files hold.
fn percent(knob: &Knob<Option<Percent>>) -> Knob<Option<u32>> {
    Knob::new(
        knob.handle().clone(),
        knob.fixed()
            .map(|percent| percent.as_ref().map(|p| p.floor())),
    )
}

/// Whether cpu decides: it has a target, or nothing else has one.
fn follows_cpu(service: &Service) -> Cond {
    let scale = &service.scale;
    let others = Cond::on(&percent(&scale.memory))
        .or(Cond::on(&RateKnob(&scale.requests).knob()))
        .or(Cond::known(!scale.queries.is_empty(), &service.origin));
    Cond::on(&percent(&scale.cpu)).or(others.not())
}

/// Target of cpu in percent of the request.
fn cpu(service: &Service) -> Expr {
    let usual = Node::Int(Origin::rule("default: scale.cpu", []), 70);
    let written = Expr::from(&percent(&service.scale.cpu));
    Expr::call(Op::Default, [written, Expr::Lit(usual)])
}

fn target(cx: &Cx, program: &Program, service: &Service) -> Form {
    let s = &Scope::new("scaling/autoscaler");
    if rollout::is_rollout(cx, service) {
        let s = &s.because(&rollout::decided(cx, service));
        return form!(s; {
            apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: &program.name,
        });
    }
    let kind = match service.kind.peek() {
        Kind::StatefulSet => "StatefulSet",
        Kind::Deployment | Kind::DaemonSet => "Deployment",
    };
    form!(s; { apiVersion: "apps/v1", kind: Lit(kind), name: &program.name })
}

fn autoscaler(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("scaling/autoscaler").because(&service.scale.replicas.origin);
    let scale = &service.scale;
    form!(s; {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: metadata(cx, program),
        spec: {
            scaleTargetRef: target(cx, program, service),
            minReplicas: &scale.replicas.min,
            maxReplicas: &scale.replicas.max,
            metrics: [
                when (follows_cpu(service)) resource(program, "cpu", cpu(service)),
                when (Cond::on(&percent(&scale.memory)))
                    resource(program, "memory", Expr::from(&percent(&scale.memory))),
            ],
            behavior: behavior(service),
        },
    })
}

/// A metric of the service's own container: a sidecar must not hide its load. Container metrics
/// are stable from 1.30; before, the whole pod is measured.
fn resource(program: &Program, name: &'static str, target: Expr) -> Form {
    let s = &Scope::new("scaling/autoscaler");
    form!(s; {
        type: "ContainerResource",
        containerResource: {
            name: Lit(name),
            container: &program.name,
            target: { type: "Utilization", averageUtilization: target },
        },
    })
}

fn metadata(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("scaling");
    form!(s; {
        name: &program.name,
        namespace: program.namespace,
        labels: names::labels(cx, &program.name, program.component),
    })
}

/// Fast up, slowly down: what Kubernetes does by default, unless the file says otherwise.
fn behavior(service: &Service) -> Form {
    let s = &Scope::new("scaling/behavior");
    let scale = &service.scale;
    form!(s; {
        scaleUp: pace(&scale.up, 0),
        scaleDown: pace(&scale.down, 300),
    })
}

fn pace(pace: &Pace, calm: i32) -> Form {
    let s = &Scope::new("scaling/behavior");
    let secs = |duration: &Sourced<plimsoll_spec::types::Duration>| {
        duration.map(|duration| i64::try_from(duration.secs()).unwrap_or(i64::MAX))
    };
    let wait = match &pace.wait {
        Some(wait) => Some(Expr::from(&secs(wait))),
        None => Some(Expr::Lit(Node::Int(s.origin().clone(), i64::from(calm)))),
    };
    let every = pace
        .every
        .as_ref()
        .map_or_else(|| Sourced::rule("scaling/behavior", 60_i64), secs);
    form!(s; {
        stabilizationWindowSeconds: wait,
        policies: pace.by.as_ref().map(|by| form!(s; [{
            type: by.choose("scaling/behavior", |by| if matches!(by, Amount::Count(_)) { "Pods" } else { "Percent" }),
            value: by.map(|by| match by {
                Amount::Count(count) => i64::from(*count),
                Amount::Percent(percent) => i64::from(percent.floor()),
            }),
            periodSeconds: &every,
        }])),
    })
}

/// The same in KEDA's words, which makes the autoscaler by itself. Source: KEDA 2.20, `ScaledObject`.
fn scaled_object(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("scaling/events").because(&service.scale.replicas.origin);
    let scale = &service.scale;
    form!(s; {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        metadata: metadata(cx, program),
        spec: {
            scaleTargetRef: target(cx, program, service),
            minReplicaCount: &scale.replicas.min,
            maxReplicaCount: &scale.replicas.max,
            pollingInterval: 15,
            advanced: { horizontalPodAutoscalerConfig: {
                name: &program.name,
                behavior: behavior(service),
            } },
            triggers: triggers(cx, service, program),
        },
    })
}

fn triggers(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("scaling/events");
    let scale = &service.scale;
    let mut list = SeqBuilder::new(s);
    let memory = percent(&scale.memory);
    let followed = [
        ("cpu", follows_cpu(service), cpu(service)),
        ("memory", Cond::on(&memory), Expr::from(&memory)),
    ];
    for (name, when, target) in followed {
        let text = Expr::concat([target]);
        list.push_when(s, when, || {
            form!(s; {
                type: Lit(name),
                metricType: "Utilization",
                metadata: { value: text, containerName: &program.name },
            })
        });
    }
    let counter = service
        .metrics
        .as_ref()
        .and_then(|metrics| metrics.series.requests.clone());
    if let Some(counter) = counter {
        let rate = RateKnob(&scale.requests).knob();
        let query = counter.zip(&program.name, |counter, name| {
            format!(
                "sum(rate({counter}{{namespace=\"{}\",service=\"{name}\"}}[2m]))",
                program.namespace.peek()
            )
        });
        list.push_when(s, Cond::on(&rate), || {
            let threshold = Form::Expr(Expr::from(&rate));
            prometheus(cx, None, &query, threshold, "AverageValue")
        });
    }
    for query in &scale.queries {
        let per = if *query.per.peek() == Per::Pod {
            "AverageValue"
        } else {
            "Value"
        };
        let threshold = query.target.map(std::string::ToString::to_string);
        let threshold = Form::Expr(Expr::from(&threshold));
        list.push(
            s,
            prometheus(
                cx,
                query.name.as_ref(),
                &query.query.map(plimsoll_source::Str::to_string),
                threshold,
                per,
            ),
        );
    }
    list.build()
}

fn prometheus(
    cx: &Cx,
    name: Option<&Sourced<Str>>,
    query: &Sourced<String>,
    threshold: Form,
    kind: &'static str,
) -> Form {
    let s = &Scope::new("scaling/events");
    let server = crate::platform::slots::facts(cx, "metrics").map(|facts| {
        facts
            .namespace
            .map(|ns| format!("http://{}.{ns}:{}", facts.service, facts.ports[0].service))
    });
    form!(s; {
        type: "prometheus",
        name: name.cloned(),
        metricType: Lit(kind),
        metadata: { serverAddress: server, query: query, threshold: threshold },
    })
}

/// A budget that never blocks a drain: it counts pods that are away, and only where two or more
/// pods are kept.
fn budget(cx: &Cx, service: &Service, program: &Program) -> Option<ObjectForm> {
    let replicas = &service.scale.replicas;
    let OrNone::Some(disruption) = &service.disruption else {
        return None;
    };
    let s = &Scope::new("scaling/budget").because(disruption.origin());
    let fewest = Expr::either(
        Cond::on(&replicas.auto),
        Expr::from(&replicas.min),
        Expr::from(&replicas.count),
    );
    let body = form!(s; {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: metadata(cx, program),
        spec: {
            maxUnavailable: crate::workload::deployment::amount(disruption),
            // Pods that are not ready serve nobody: they must not keep a node from being drained.
            unhealthyPodEvictionPolicy: "AlwaysAllow",
            selector: { matchLabels: names::selector(cx, &program.name) },
        },
    });
    let when = program.on().and(Cond::AtLeast(fewest, 2));
    Some(ObjectForm::new(program.unit.clone(), when, body))
}
