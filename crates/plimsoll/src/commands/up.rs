//! `plimsoll up`: ships the application.

use crate::args::Up;
use crate::exit::{Exit, Failure, Outcome};
use crate::ground::Place;
use crate::prepare::{Prepared, Ready};
use crate::progress::Progress;
use crate::release::{self, Ground};
use crate::routes::{self, Answer};
use crate::summary;
use crate::terminal::{self, Terminal};
use crate::{plan_file, plan_text};
use plimsoll_cluster::faults::{Fault, Faults};
use plimsoll_ship::{Approved, Event, Obstacle, Options, Plan, Release, ShipError};
use plimsoll_spec::app::deliver::By;
use plimsoll_world::Object;
use std::time::Duration;

/// Ships the chosen environment, waits, and says what came of it.
pub fn run(args: &Up, terminal: Terminal) -> Outcome {
    let target = &args.target;
    let prepared = Prepared::new(&target.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let faults = Faults::parse(&args.fault.join("|")).map_err(Failure::usage)?;
    faults
        .iter()
        .try_for_each(|fault| hits_something(fault, ready))?;
    let place = Place::choose(prepared, ready, target, faults.clone())?;
    if place.ground() == Ground::Real {
        may_ship(ready)?;
    }
    let release = release::of(&prepared.sources, ready, place.ground());
    let approved = match &args.plan {
        Some(path) => Some(Approved {
            plan: plan_file::read(path, &place)?,
            is_fresh: false,
        }),
        None if place.ground() == Ground::Real => match ask(args, &place, &release)? {
            Asked::Approved(plan) => Some(Approved {
                plan,
                is_fresh: true,
            }),
            Asked::Ended(exit) => return Ok(exit),
        },
        None => None,
    };
    let all = release.objects.len() + release.secrets.len();
    let mut replay = Replay::new(args.speed, Progress::of(all));
    let done = place.work(async |session| {
        let options = Options {
            approved,
            ..super::plan::options(&place, session.clock, args.adopt)
        };
        plimsoll_ship::up(&session.client, &release, &options, &mut |event: &Event| {
            replay.hear(event);
        })
        .await
    })?;
    replay.play();
    let Some(outcome) = done else {
        terminal::progress(
            "stopped waiting; what was shipped stays. `plimsoll up` goes on from here",
        );
        return Ok(Exit::Outside);
    };
    let outcome = match outcome {
        Err(ShipError::Obstacles(obstacles)) => return stopped(target.json, &obstacles),
        outcome => outcome?,
    };
    let answers = routes::of(ready, &place);
    let shipped = summary::Shipped {
        ready,
        place: &place,
        outcome: &outcome,
        routes: &answers,
        faults: &faults,
    };
    if target.json {
        terminal::out(format!("{}\n", shipped.json()));
    } else {
        terminal::out(shipped.text());
    }
    let dead = answers
        .iter()
        .any(|route| matches!(route.answer, Answer::Stopped(_)));
    Ok(if outcome.ready && !dead {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

/// A fault that hits nothing would be a rehearsal of nothing.
fn hits_something(fault: &Fault, ready: &Ready) -> Result<(), Failure> {
    let target = fault.target();
    let ended = ready.app().into_iter();
    let ended = ended.flat_map(|app| app.migrations.keys().chain(app.jobs.keys()));
    let mut names: Vec<&str> = ended.map(plimsoll_source::Str::as_str).collect();
    if !matches!(fault, Fault::Migration(_)) {
        names.extend(ready.world.objects.iter().filter_map(runs));
    }
    if names.contains(&target) {
        return Ok(());
    }
    let near = plimsoll_source::near(target, names.iter().copied());
    let hint = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let all = names.join(", ");
    Err(Failure::usage(format!(
        "--fault {fault}: there is no `{target}` here; {hint}There are: {all}"
    )))
}

/// What the pods of an object are named in their labels.
fn runs(object: &Object) -> Option<&str> {
    let label = [
        "spec",
        "template",
        "metadata",
        "labels",
        "app.kubernetes.io/name",
    ];
    object
        .body
        .at(&label)?
        .text()
        .map(plimsoll_source::Str::as_str)
}

/// What came of showing the plan.
enum Asked {
    /// Somebody said yes to it.
    Approved(Plan),
    /// There is nothing to ship, or nothing can be.
    Ended(Exit),
}

/// Shows what would be done on a real cluster, and asks.
fn ask(args: &Up, place: &Place, release: &Release) -> Result<Asked, Failure> {
    if !args.yes && !terminal::can_ask() {
        return Err(Failure::usage(NOBODY));
    }
    let plan = place.work(async |session| {
        let options = super::plan::options(place, session.clock, args.adopt);
        plimsoll_ship::plan(&session.client, release, &options).await
    })?;
    let Some(plan) = plan else {
        return Ok(Asked::Ended(Exit::Outside));
    };
    let plan = plan?;
    if !plan.obstacles.is_empty() {
        return Ok(Asked::Ended(stopped(args.target.json, &plan.obstacles)?));
    }
    terminal::progress(plan_text::text(&plan, &place.to_string()).trim_end());
    if args.yes || !plan.changes_something() {
        return Ok(Asked::Approved(plan));
    }
    match terminal::confirm("ship this?") {
        Some(true) => Ok(Asked::Approved(plan)),
        Some(false) => Err(Failure::usage("nothing was shipped")),
        None => Err(Failure::usage(NOBODY)),
    }
}

const NOBODY: &str = "nobody is here to answer; `--yes` ships without asking";

/// Says what stands in the way.
pub fn stopped(json: bool, obstacles: &[Obstacle]) -> Outcome {
    if json {
        let said = serde_json::json!({ "ready": false, "obstacles": obstacles });
        terminal::out(format!("{said}\n"));
    } else {
        terminal::progress(plan_text::obstacles(obstacles).trim_end());
    }
    Ok(Exit::Findings)
}

/// On a real cluster others may own an environment.
pub fn may_ship(ready: &Ready) -> Result<(), Failure> {
    let Some(app) = ready.app() else {
        return Ok(());
    };
    let owner = match app.deliver.by.peek() {
        By::Direct => None,
        By::Helm => Some("Helm"),
        By::ArgoCd => Some("Argo CD"),
        By::Flux => Some("Flux"),
        By::Compose => Some("Compose"),
    };
    if let Some(owner) = owner {
        let environment = &ready.world.environment;
        return Err(Failure::usage(format!(
            "{owner} owns `{environment}` (`deliver.by`): change what it reads with `plimsoll render`"
        )));
    }
    if let Some((route, _)) = plimsoll_rules::open_route::open(app).first() {
        return Err(Failure::usage(format!(
            "route `{route}` asks for a guard that this version does not tell the gateway: it would be \
             open (`plimsoll explain open-route`)"
        )));
    }
    Ok(())
}

/// Who ships, for the lease.
pub fn holder() -> String {
    let name = std::env::var("USER").unwrap_or_else(|_| "plimsoll".to_owned());
    format!("{name}-{}", std::process::id())
}

/// Tells events: as they come, or at a speed.
struct Replay {
    speed: Option<f64>,
    kept: Vec<Event>,
    progress: Progress,
}

impl Replay {
    fn new(speed: Option<f64>, progress: Progress) -> Self {
        Self {
            speed: speed.filter(|speed| speed.is_finite() && *speed > 0.0),
            kept: Vec::new(),
            progress,
        }
    }

    fn hear(&mut self, event: &Event) {
        match self.speed {
            None => self.progress.hear(event),
            Some(_) => self.kept.push(event.clone()),
        }
    }

    fn play(&mut self) {
        let mut before = Duration::ZERO;
        for event in std::mem::take(&mut self.kept) {
            let speed = self.speed.unwrap_or(f64::INFINITY);
            std::thread::sleep(event.at.saturating_sub(before).div_f64(speed));
            before = before.max(event.at);
            self.progress.hear(&event);
        }
        self.progress.end();
    }
}
