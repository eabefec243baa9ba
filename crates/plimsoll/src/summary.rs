//! What a release came to, for people and for machines.

use crate::ground::Place;
use crate::prepare::Ready;
use crate::routes::{Answer, Route};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::report::RolledBack;
use plimsoll_ship::{MigrationState, Outcome};
use serde_json::{Value, json};
use std::fmt::Write;

/// A release that ended, well or not.
pub struct Shipped<'a> {
    /// The environment.
    pub ready: &'a Ready,
    /// Where it went.
    pub place: &'a Place,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// Whether its routes answer.
    pub routes: &'a [Route],
    /// What was broken on purpose.
    pub faults: &'a Faults,
}

impl Shipped<'_> {
    fn dead(&self) -> Option<(&Route, &str)> {
        self.routes.iter().find_map(|route| match &route.answer {
            Answer::Stopped(why) => Some((route, why.as_str())),
            _ => None,
        })
    }

    fn is_ready(&self) -> bool {
        self.outcome.ready && self.dead().is_none()
    }

    /// One object, as `up --json` prints it.
    pub fn json(&self) -> Value {
        let outcome = self.outcome;
        let failure = match (&outcome.failure, self.dead()) {
            (Some(failure), _) => json!({
                "object": failure.object.to_string(),
                "cause": failure.cause,
                "page": failure.page,
                "log": failure.log,
                "file": failure.place.as_ref().map(|place| &place.file),
                "line": failure.place.as_ref().map(|place| place.line),
            }),
            (None, Some((route, why))) => json!({
                "object": route.url, "cause": why, "log": [], "file": null, "line": null,
            }),
            (None, None) => Value::Null,
        };
        json!({
            "ready": self.is_ready(),
            "environment": self.ready.world.environment.as_str(),
            "cluster": self.place.json(),
            "objects": outcome.objects,
            "pods": outcome.pods,
            "waves": outcome.waves,
            "routes": self.routes.iter().map(Route::json).collect::<Vec<_>>(),
            "migrations": outcome.migrations,
            "virtual_seconds": outcome.seconds.as_secs_f64(),
            "failure": failure,
            "rollback": outcome.rollback,
            "kept": outcome.kept.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    /// A few lines for a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.headline(&mut text);
        if let Some(failure) = &self.outcome.failure {
            let _ = writeln!(text, "\n  {}: {}", failure.object, failure.cause);
            if let Some(place) = &failure.place {
                let _ = writeln!(
                    text,
                    "  comes from {}:{}:{}",
                    place.file, place.line, place.column
                );
            }
            for line in &failure.log {
                let _ = writeln!(text, "  | {line}");
            }
            let _ = writeln!(text, "  `plimsoll explain {}` says more", failure.page);
        }
        self.counts(&mut text);
        self.waves(&mut text);
        self.migrations(&mut text);
        self.routes_text(&mut text);
        for fault in self.faults.iter() {
            let _ = writeln!(text, "  broken on purpose: {fault}");
        }
        self.ground(&mut text);
        text
    }

    fn headline(&self, text: &mut String) {
        let world = &self.ready.world;
        let state = match (self.is_ready(), self.outcome.changed_something()) {
            (true, true) => "is up",
            (true, false) => "is up; nothing changed",
            (false, _) => match self.outcome.rollback {
                Some(RolledBack::Done) => "failed; the release before is back",
                Some(RolledBack::Failed) => "failed, and so did the release before",
                Some(RolledBack::DatabaseMoved) => {
                    "failed; the release before may not fit the migrated database and was not brought back"
                }
                Some(RolledBack::Asks) => {
                    "failed; the release before waits for you to bring it back"
                }
                Some(RolledBack::NothingBefore) | None => "is not up",
            },
        };
        let _ = writeln!(
            text,
            "\n{} {} {state}",
            world.application, world.environment
        );
    }

    fn counts(&self, text: &mut String) {
        let (objects, pods) = (self.outcome.objects, self.outcome.pods);
        let _ = writeln!(
            text,
            "\n  objects     {} created, {} changed, {} unchanged, {} pruned\n  \
             pods        {} of {} ready",
            objects.created,
            objects.changed,
            objects.unchanged,
            objects.pruned,
            pods.ready,
            pods.wanted
        );
        for kept in &self.outcome.kept {
            let _ = writeln!(text, "  kept        {kept}: it holds data");
        }
    }

    fn waves(&self, text: &mut String) {
        if !self.outcome.changed_something() {
            return;
        }
        for wave in &self.outcome.waves {
            let _ = writeln!(
                text,
                "  wave {:<6} {:>3} objects, {:.0} s",
                wave.number,
                wave.objects,
                wave.seconds.as_secs_f64()
            );
        }
    }

    fn migrations(&self, text: &mut String) {
        for migration in &self.outcome.migrations {
            let state = match migration.state {
                MigrationState::Ran => "ran",
                MigrationState::RanBefore => "ran before",
                MigrationState::Failed => "failed",
                MigrationState::NotReached => "was not reached",
            };
            let _ = writeln!(text, "  migration   {} {state}", migration.name);
        }
    }

    fn routes_text(&self, text: &mut String) {
        for route in self.routes {
            let answer = match &route.answer {
                Answer::By(who) => format!("answered by {who}"),
                Answer::Stopped(why) => format!("does not answer: {why}"),
                Answer::NotAsked => String::new(),
            };
            let line = format!("  route       {}  {answer}", route.url);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }

    fn ground(&self, text: &mut String) {
        match self.place {
            Place::Embedded { .. } => {
                let _ = writeln!(
                    text,
                    "\n  {:.0} s of virtual time on the embedded cluster: no image was pulled and \
                     nothing of yours ran.\n  `--context NAME` ships to a real cluster.",
                    self.outcome.seconds.as_secs_f64()
                );
            }
            Place::Remote { context } => {
                let _ = writeln!(
                    text,
                    "\n  {:.0} s on `{context}`",
                    self.outcome.seconds.as_secs_f64()
                );
            }
        }
    }
}
