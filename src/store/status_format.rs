//! The text of `task-status.json`: what people and tools read, and enough to restore the whole state.
//!
//! Knows the state and bytes. Does not know files, nor whether the journal agrees. One task a line, so
//! that the file can be searched with `grep`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::model::{OrchId, RunId, TaskId, Usd};
use crate::state::{ClaimedRun, OpenRun, Orchestration, State, TaskState};
use crate::store::journal::Position;

/// The version that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// Stands before the hash of everything above it.
const MARK: &[u8] = b",\n  \"hash\": \"";
const DIGITS: usize = 64;
const CLOSE: &[u8] = b"\"\n}\n";

/// A state and the place of the journal that it was folded up to.
#[derive(Debug, PartialEq)]
pub struct Cache {
    pub id: String,
    pub position: Position,
    pub state: State,
}

/// What a file called `task-status.json` turned out to be.
#[derive(Debug)]
pub enum Found {
    None,
    Ours(Box<Cache>),
    /// Neither ours as we wrote it nor anything else that is known; the bytes are somebody's work.
    Edited(Vec<u8>),
    Newer {
        version: u32,
    },
    /// The older runr's: it names no journal.
    Older(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct JournalPlace {
    id: String,
    seq: u64,
    offset: u64,
    lines: u64,
    crc: String,
}

/// Writes a state. Tasks by name; steps of orchestration files are no tasks and stand apart.
///
/// # Errors
/// Only when serde fails, which these types give no reason for.
pub fn encode(state: &State, id: &str, position: Position) -> Result<Vec<u8>, serde_json::Error> {
    let (inline, tasks): (Vec<_>, Vec<_>) = state.tasks.iter().partition(|(id, _)| id.is_inline());
    let place = JournalPlace {
        id: id.to_owned(),
        seq: position.seq,
        offset: position.offset,
        lines: position.lines,
        crc: String::from_utf8_lossy(&position.crc).into_owned(),
    };
    let mut out = Vec::with_capacity(512 + 384 * state.tasks.len());
    out.extend_from_slice(format!("{{\n  \"schema_version\": {VERSION}").as_bytes());
    let tasks = tasks.into_iter().map(|(id, task)| (id.status_key(), task));
    section(&mut out, "tasks", tasks)?;
    section(&mut out, "inline_steps", inline.into_iter())?;
    section(&mut out, "open_runs", state.open.iter())?;
    section(&mut out, "claimed_runs", state.claimed.iter())?;
    section(&mut out, "orchestrations", state.orchestrations.iter())?;
    if !state.paused.is_empty() {
        section(&mut out, "paused_workers", state.paused.iter())?;
    }
    if !state.days.is_empty() {
        // Keys of JSON are texts.
        let days = state.days.iter().map(|(day, usd)| (day.to_string(), usd));
        section(&mut out, "spent_by_day", days)?;
    }
    out.extend_from_slice(b",\n  \"journal\": ");
    serde_json::to_writer(&mut out, &place)?;
    let hash = blake3::hash(&out).to_hex();
    out.extend_from_slice(MARK);
    out.extend_from_slice(hash.as_bytes());
    out.extend_from_slice(CLOSE);
    Ok(out)
}

fn section<K: Serialize, V: Serialize>(
    out: &mut Vec<u8>,
    name: &str,
    entries: impl Iterator<Item = (K, V)>,
) -> Result<(), serde_json::Error> {
    out.extend_from_slice(format!(",\n  \"{name}\": {{").as_bytes());
    let mut separator: &[u8] = b"\n    ";
    let mut end: &[u8] = b"}";
    for (key, value) in entries {
        out.extend_from_slice(separator);
        serde_json::to_writer(&mut *out, &key)?;
        out.extend_from_slice(b": ");
        serde_json::to_writer(&mut *out, &value)?;
        separator = b",\n    ";
        end = b"\n  }";
    }
    out.extend_from_slice(end);
    Ok(())
}

/// Says what a file's bytes are.
#[must_use]
pub fn decode(bytes: Vec<u8>) -> Found {
    if is_sealed(&bytes)
        && let Ok(read) = serde_json::from_slice::<Whole>(&bytes)
        && read.schema_version == VERSION
        && let Some(cache) = read.cache()
    {
        return Found::Ours(Box::new(cache));
    }
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
        return Found::Edited(bytes);
    };
    match json["schema_version"].as_u64() {
        Some(version) if version > u64::from(VERSION) => Found::Newer {
            version: u32::try_from(version).unwrap_or(u32::MAX),
        },
        _ if json["tasks"].is_object() && json.get("journal").is_none() => Found::Older(bytes),
        _ => Found::Edited(bytes),
    }
}

fn is_sealed(bytes: &[u8]) -> bool {
    let Some(cut) = bytes.len().checked_sub(MARK.len() + DIGITS + CLOSE.len()) else {
        return false;
    };
    let (content, seal) = bytes.split_at(cut);
    let digits = seal
        .strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix(CLOSE));
    digits == Some(blake3::hash(content).to_hex().as_bytes())
}

#[derive(Deserialize)]
struct Whole {
    schema_version: u32,
    tasks: Entries<TaskFileKey>,
    inline_steps: Entries<TaskId>,
    open_runs: BTreeMap<RunId, OpenRun>,
    #[serde(default)]
    claimed_runs: BTreeMap<RunId, ClaimedRun>,
    orchestrations: BTreeMap<OrchId, Orchestration>,
    #[serde(default)]
    paused_workers: BTreeMap<String, Timestamp>,
    #[serde(default)]
    spent_by_day: BTreeMap<String, Usd>,
    journal: JournalPlace,
}

impl Whole {
    fn cache(self) -> Option<Cache> {
        let tasks = self.tasks.0.into_iter().map(|(key, task)| (key.0, task));
        let mut days = BTreeMap::new();
        for (day, usd) in self.spent_by_day {
            days.insert(day.parse().ok()?, usd);
        }
        Some(Cache {
            id: self.journal.id,
            position: Position {
                offset: self.journal.offset,
                seq: self.journal.seq,
                lines: self.journal.lines,
                crc: self.journal.crc.as_bytes().try_into().ok()?,
            },
            state: State {
                seq: self.journal.seq,
                tasks: tasks.chain(self.inline_steps.0).collect(),
                open: self.open_runs,
                claimed: self.claimed_runs,
                orchestrations: self.orchestrations,
                paused: self.paused_workers,
                days,
            },
        })
    }
}

/// `.runr/tasks/NAME` in the file, `NAME` here.
struct TaskFileKey(TaskId);

impl<'de> Deserialize<'de> for TaskFileKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;
        impl Visitor<'_> for Key {
            type Value = TaskFileKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a task file")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TaskFileKey, E> {
                let name = text.strip_prefix(".runr/tasks/").unwrap_or_default();
                TaskId::parse(name).map(TaskFileKey).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Key)
    }
}

/// The entries of an object in their order: one sorted insertion of all is quicker than one each.
struct Entries<K>(Vec<(K, TaskState)>);

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Entries<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<K>(std::marker::PhantomData<K>);
        impl<'de, K: Deserialize<'de>> Visitor<'de> for All<K> {
            type Value = Vec<(K, TaskState)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tasks")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                    if entries.len() > 10_000_000 {
                        return Err(A::Error::custom("more tasks than anybody has"));
                    }
                }
                Ok(entries)
            }
        }
        deserializer
            .deserialize_map(All(std::marker::PhantomData))
            .map(Self)
    }
}
