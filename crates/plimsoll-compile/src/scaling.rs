//! How many pods: autoscalers and disruption budgets.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::observe::uncounted;
use crate::program::Program;
use crate::workload::rollout;
use plimsoll_source::{Knob, Node, Origin, Sourced, Str};
use plimsoll_spec::app::platform::{AutoscalerUse, MetricsUse};
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
    report(cx, service);
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

/// How many pods there are without an autoscaler, and whether there is none. Of a `single` nobody can
/// turn it.
pub fn fixed(service: &Service) -> (Cond, Expr) {
    let replicas = &service.scale.replicas;
    match one(service) {
        Some(one) => (Cond::known(true, replicas.single.origin()), one),
        None => (Cond::off(&replicas.auto), Expr::from(&replicas.count)),
    }
}

/// The fewest pods that are kept.
pub fn fewest(service: &Service) -> Expr {
    of_range(service, &service.scale.replicas.min)
}

/// The most pods there may be.
pub fn most(service: &Service) -> Expr {
    of_range(service, &service.scale.replicas.max)
}

fn of_range(service: &Service, end: &Knob<u32>) -> Expr {
    let replicas = &service.scale.replicas;
    one(service).unwrap_or_else(|| {
        let auto = Cond::on(&replicas.auto);
        Expr::either(auto, Expr::from(end), Expr::from(&replicas.count))
    })
}

fn one(service: &Service) -> Option<Expr> {
    let single = &service.scale.replicas.single;
    single
        .peek()
        .then(|| Expr::Lit(Node::Int(single.origin().clone(), 1)))
}

/// Whether it scales by more than the metrics that every cluster has.
fn needs_events(cx: &Cx, service: &Service) -> Cond {
    counted(cx, service).or(asked(cx, service))
}

/// What decides whether Prometheus is asked how many pods there should be.
fn asks(cx: &Cx) -> Cond {
    let platform = &cx.app.platform;
    let keda = Cond::decided(&platform.autoscaler.use_, |use_| {
        *use_ == AutoscalerUse::Keda
    });
    keda.and(Cond::decided(&platform.metrics.use_, |use_| {
        *use_ == MetricsUse::Prometheus
    }))
}

/// Whether it scales by requests: they have a target and somebody counts them.
fn counted(cx: &Cx, service: &Service) -> Cond {
    let counts = counter(service).is_some();
    match asks(cx).and(Cond::known(counts, &service.origin)) {
        // A word that turns nothing is not offered.
        Cond::Known(false, because) => Cond::Known(false, because),
        counts => counts.and(Cond::on(&per_second(&service.scale.requests))),
    }
}

/// Whether it scales by queries.
fn asked(cx: &Cx, service: &Service) -> Cond {
    asks(cx).and(Cond::known(
        !service.scale.queries.is_empty(),
        &service.origin,
    ))
}

/// The series that counts its requests.
fn counter(service: &Service) -> Option<&Sourced<Str>> {
    service.metrics.as_ref()?.series.requests.as_ref()
}

/// Reports the targets of a range that nothing measures.
fn report(cx: &Cx, service: &Service) {
    let scale = &service.scale;
    if !*scale.replicas.auto.peek() {
        return;
    }
    let asks = matches!(asks(cx), Cond::Known(true, _));
    let help = "write `platform.autoscaler: keda` and `platform.metrics: prometheus`";
    let name = service.name.peek();
    if scale.requests.peek().is_some() {
        let origin = scale.requests.origin();
        if counter(service).is_none() {
            let help =
                format!("write `metrics: {{ series: {{ requests: NAME }} }}` in `services.{name}`");
            uncounted::report(cx, name, origin, "scale.requests", &help);
        } else if !asks {
            uncounted::report(cx, name, origin, "scale.requests", help);
        }
    }
    if let Some(query) = scale.queries.first().filter(|_| !asks) {
        uncounted::report(cx, name, query.query.origin(), "scale.queries", help);
    }
}

/// Requests per second and pod, as the number that values files hold.
fn per_second(knob: &Knob<Option<Rate>>) -> Knob<Option<Node>> {
    let origin = knob.fixed().origin();
    #[expect(clippy::cast_precision_loss, reason = "no rate is so large")]
    let number = |rate: &Rate| {
        let milli = rate.milli_per_second();
        match i64::try_from(milli / 1000) {
            Ok(whole) if milli.is_multiple_of(1000) => Node::Int(origin.clone(), whole),
            _ => Node::Float(origin.clone(), milli as f64 / 1000.0),
        }
    };
    let value = knob.fixed().map(|rate| rate.as_ref().map(number));
    Knob::new(knob.handle().clone(), value)
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
fn follows_cpu(cx: &Cx, service: &Service) -> Cond {
    let scale = &service.scale;
    let others = Cond::on(&percent(&scale.memory))
        .or(counted(cx, service))
        .or(asked(cx, service));
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
                when (follows_cpu(cx, service)) resource(program, "cpu", cpu(service)),
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
        ("cpu", follows_cpu(cx, service), cpu(service)),
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
    if let Some(counter) = counter(service) {
        let query = counter.zip(&program.name, |counter, name| {
            format!(
                "sum(rate({counter}{{namespace=\"{}\",service=\"{name}\"}}[2m]))",
                program.namespace.peek()
            )
        });
        let rate = Expr::from(&per_second(&scale.requests));
        list.push_when(s, counted(cx, service), || {
            let threshold = Form::Expr(Expr::concat([rate]));
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
    let OrNone::Some(disruption) = &service.disruption else {
        return None;
    };
    let s = &Scope::new("scaling/budget").because(disruption.origin());
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
    let when = program.on().and(Cond::AtLeast(fewest(service), 2));
    Some(ObjectForm::new(program.unit.clone(), when, body))
}
