//! A cluster between two runs: gzip of lines of JSON, of which the first has the version of the format.

use std::io::{BufRead, BufReader, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::Managers;
use crate::clock;
use crate::kinds::Kind;
use crate::state::State;
use crate::write::key_of;

/// Version of the format; no other is read.
const FORMAT: u32 = 2;

/// Why a cluster cannot be saved or read back.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    /// The bytes are damaged.
    #[error("the saved cluster is damaged: {0}")]
    Damaged(#[from] std::io::Error),
    /// The content is not what it should be.
    #[error("the saved cluster is damaged: {0}")]
    Content(#[from] serde_json::Error),
    /// Written by an older or a newer program.
    #[error("the saved cluster has format {0}, this program reads {FORMAT}")]
    Format(u32),
    /// Something in it does not fit the rest.
    #[error("the saved cluster is damaged: {0}")]
    Odd(String),
}

/// The first line; as many lines of objects and of logs follow.
#[derive(Deserialize, Serialize)]
struct Head {
    format: u32,
    seed: u64,
    minor: u16,
    now: String,
    counter: u64,
    version: u64,
    objects: usize,
    logs: usize,
}

/// The part of the first line that every format has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// A line with an object.
#[derive(Deserialize)]
struct Loaded {
    object: Value,
    managers: Managers,
}

/// As [`Loaded`], without a copy.
#[derive(Serialize)]
struct Kept<'a> {
    object: &'a Value,
    managers: &'a Managers,
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
    let head = Head {
        format: FORMAT,
        seed: state.seed,
        minor: state.minor,
        now: state.now.to_string(),
        counter: state.counter,
        version: state.version(),
        objects: state.store.iter().count(),
        logs: state.logs.len(),
    };
    let mut lines = Writer(GzEncoder::new(Vec::new(), Compression::fast()));
    lines.put(&head)?;
    for (_, stored) in state.store.iter() {
        lines.put(&Kept {
            object: &stored.object,
            managers: &stored.managers,
        })?;
    }
    for ((namespace, pod, container), log) in &state.logs {
        let line = |(at, line): &(Timestamp, String)| (at.to_string(), line.clone());
        lines.put(&ContainerLog {
            namespace: namespace.clone(),
            pod: pod.clone(),
            container: container.clone(),
            lines: log.iter().map(line).collect(),
        })?;
    }
    Ok(lines.0.finish()?)
}

/// Reads a cluster back.
pub fn load(bytes: &[u8]) -> Result<State, NotSaved> {
    let mut lines = Reader {
        text: BufReader::new(GzDecoder::new(bytes)),
        line: Vec::new(),
    };
    let head: Head = lines.head()?;
    let mut state = State::new(head.seed, head.minor);
    state.now = moment(&head.now)?;
    state.counter = head.counter;
    let objects = (0..head.objects).map(|_| lines.take());
    let objects: Vec<Loaded> = objects.collect::<Result<_, NotSaved>>()?;
    for Loaded { object, .. } in &objects {
        if object["kind"] == "CustomResourceDefinition"
            && let Some(kind) = Kind::custom(object)
        {
            state.kinds.add(kind);
        }
    }
    for Loaded { object, managers } in objects {
        let kind = state.kind_of(&object);
        let kind = kind.map_err(|error| NotSaved::Odd(error.message))?;
        let key = key_of(&kind, &object);
        state.store.restore(&key, object, managers);
    }
    for _ in 0..head.logs {
        let log: ContainerLog = lines.take()?;
        let line = |(at, line): (String, String)| Ok((moment(&at)?, line));
        let read = log.lines.into_iter().map(line);
        let read = read.collect::<Result<_, NotSaved>>()?;
        let container = (log.namespace, log.pod, log.container);
        state.logs.insert(container, read);
    }
    state.store.restart_log(head.version);
    Ok(state)
}

fn moment(text: &str) -> Result<Timestamp, NotSaved> {
    clock::parse(text).ok_or_else(|| NotSaved::Odd(format!("`{text}` is no time")))
}

/// Writes a value a line.
struct Writer(GzEncoder<Vec<u8>>);

impl Writer {
    fn put(&mut self, value: &impl Serialize) -> Result<(), NotSaved> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        Ok(self.0.write_all(&line)?)
    }
}

/// Reads a value a line, so that the whole text is never in memory.
struct Reader<'a> {
    text: BufReader<GzDecoder<&'a [u8]>>,
    line: Vec<u8>,
}

impl Reader<'_> {
    fn head(&mut self) -> Result<Head, NotSaved> {
        self.advance()?;
        let Format { format } = serde_json::from_slice(&self.line)?;
        if format == FORMAT {
            Ok(serde_json::from_slice(&self.line)?)
        } else {
            Err(NotSaved::Format(format))
        }
    }

    fn take<T: DeserializeOwned>(&mut self) -> Result<T, NotSaved> {
        self.advance()?;
        Ok(serde_json::from_slice(&self.line)?)
    }

    fn advance(&mut self) -> Result<(), NotSaved> {
        self.line.clear();
        self.text.read_until(b'\n', &mut self.line)?;
        Ok(())
    }
}
