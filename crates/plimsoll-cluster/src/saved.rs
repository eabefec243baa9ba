//! A cluster between two runs: gzip of JSON with a format version.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::Managers;
use crate::clock;
use crate::kinds::Kind;
use crate::state::State;
use crate::write::{key_of, take_managers};

/// Version of the format; a higher one is not read.
const FORMAT: u32 = 1;

/// Why a cluster cannot be saved or read back.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    /// The bytes are damaged.
    #[error("the saved cluster is damaged: {0}")]
    Damaged(#[from] std::io::Error),
    /// The content is not what it should be.
    #[error("the saved cluster is damaged: {0}")]
    Content(#[from] serde_json::Error),
    /// Written by a newer program.
    #[error("the saved cluster has format {0}, this program reads up to {FORMAT}")]
    Format(u32),
    /// Something in it does not fit the rest.
    #[error("the saved cluster is damaged: {0}")]
    Odd(String),
}

#[derive(Deserialize, Serialize)]
struct Saved {
    format: u32,
    seed: u64,
    minor: u16,
    now: String,
    counter: u64,
    version: u64,
    objects: Vec<Value>,
    logs: Vec<ContainerLog>,
}

#[derive(Deserialize, Serialize)]
struct ContainerLog {
    namespace: String,
    pod: String,
    container: String,
    lines: Vec<(String, String)>,
}

/// Writes a cluster.
pub fn save(state: &State) -> Result<Vec<u8>, NotSaved> {
    let logs = state
        .logs
        .iter()
        .map(|((namespace, pod, container), lines)| ContainerLog {
            namespace: namespace.clone(),
            pod: pod.clone(),
            container: container.clone(),
            lines: lines
                .iter()
                .map(|(at, line)| (at.to_string(), line.clone()))
                .collect(),
        });
    let saved = Saved {
        format: FORMAT,
        seed: state.seed,
        minor: state.minor,
        now: state.now.to_string(),
        counter: state.counter,
        version: state.version(),
        objects: state
            .store
            .iter()
            .map(|(_, stored)| stored.whole())
            .collect(),
        logs: logs.collect(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&serde_json::to_vec(&saved)?)?;
    Ok(encoder.finish()?)
}

/// Reads a cluster back.
pub fn load(bytes: &[u8]) -> Result<State, NotSaved> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut text)?;
    let head: Value = serde_json::from_slice(&text)?;
    let format = head["format"]
        .as_u64()
        .and_then(|format| u32::try_from(format).ok())
        .unwrap_or(0);
    if format > FORMAT {
        return Err(NotSaved::Format(format));
    }
    let saved: Saved = serde_json::from_value(head)?;
    let moment = |text: &str| {
        clock::parse(text).ok_or_else(|| NotSaved::Odd(format!("`{text}` is no time")))
    };
    let mut state = State::new(saved.seed, saved.minor);
    state.now = moment(&saved.now)?;
    state.counter = saved.counter;
    for object in &saved.objects {
        if object["kind"] == "CustomResourceDefinition"
            && let Some(kind) = Kind::custom(object)
        {
            state.kinds.add(kind);
        }
    }
    for mut object in saved.objects {
        let managers = Managers::of(&object);
        take_managers(&mut object);
        let kind = state
            .kind_of(&object)
            .map_err(|error| NotSaved::Odd(error.message))?;
        let key = key_of(&kind, &object);
        state.store.restore(&key, object, managers);
    }
    for log in saved.logs {
        let lines = log
            .lines
            .into_iter()
            .map(|(at, line)| Ok((moment(&at)?, line)));
        let lines = lines.collect::<Result<_, NotSaved>>()?;
        state
            .logs
            .insert((log.namespace, log.pod, log.container), lines);
    }
    state.store.restart_log(saved.version);
    Ok(state)
}
