//! runr runs a repository's tasks in dependency order and always knows which are done.
//!
//! This page is the architecture: how the code is laid out, which way data flows, and what always holds.
//!
//! *Files become a validated, immutable plan; a small pure state machine decides; a thin shell carries the
//! decisions out; every change is one event in a journal; status and screens only fold and listen.*
//!
//! # The layers, in reading order
//!
//! | module | what it is | knows |
//! |---|---|---|
//! | [`model`] | inert, validated types: ids, tasks, policies, places | nothing of ours |
//! | [`event`] | the one vocabulary of everything that happens | model |
//! | [`spec`] | text → raw documents with the place of everything | model |
//! | [`plan`] | raw documents → [`plan::Plan`]: names resolved, defaults applied, the graph, its cycles | model, spec |
//! | [`state`] | events → state: the fold, and which event is legal when | model, event |
//! | [`view`] | plan and state → what is shown and never stored: ready, blocked, stale | model, plan, state |
//! | [`sched`] | what to do next: a pure state machine | model, event, plan, state |
//! | [`simulate`] | the same scheduler under a virtual clock | model, plan, sched |
//! | [`store`] | the journal, the status cache, locks, run folders | model, event, state |
//! | [`git`] | the only caller of git, and what commit messages say | model, event |
//! | [`worker`] | who does the work: command lines, environments, prompts, and what agents' own words mean | model |
//! | [`attempt`] | one run, in a process of its own; and how such a process is started and watched | model, worker, store, git |
//! | [`project`] | finds the root, reads files | model, spec, plan |
//! | [`render`] | plan and views → text, dot, mermaid, svg, a page, json | model, plan, view, report's words and sanitiser |
//! | [`report`] | events and states → lines, tables, bars, receipts | model, event, plan, state, view, sched, simulate |
//! | [`screen`] | the state of a terminal view, what keys do to it, and how it is drawn | model, plan, state, view, report |
//! | [`orchestrate`] | the driver: one loop that owns all mutable state | all but cli |
//! | [`claim`] | work outside of any orchestration: a task taken, checked, committed, given back | model, event, plan, state, view, sched, store, worker, attempt, project, git, orchestrate |
//! | [`house`] | keeping house: what is wrong below `.runr/`, what is not needed any more | model, event, state, store, attempt, git |
//! | [`web`] | the dashboard's server: who may ask, how it is answered; its routes are the command's | nothing of ours |
//! | [`scaffold`] | what `init` and `demo` write | model |
//! | [`intake`] | task files to be: new ones, and those made of other tools' files | model, spec |
//! | [`cli`] | arguments, environment, streams, exit codes | all |
//!
//! `tests/it/architecture.rs` reads the sources and holds this table.
//!
//! # The flow
//!
//! ```text
//! argv ─ cli ─► project ─► spec ─► plan ─► Plan ─┬─► render / check / simulate
//!                         (all errors, places)   └─► sched::Scheduler
//!        ┌──────────────────────────────────────────────────────────────┐
//!        │ orchestrate::driver  loop {                                  │
//!        │   input   = select!(attempts, journal, signal, timer)        │
//!        │   effects = scheduler.handle(input, now)                     │
//!        │   for e in effects { carry out, in order } }                 │
//!        └─┬──────────────┬─────────────────────────────────┬───────────┘
//!       events          attempts                          timers
//!          │              │
//!    1 journal (must)   `runr attempt DIR` ─► state.json ─► Input
//!    2 screen
//! ```
//!
//! The attempt contract: the orchestrator creates `.runr/runs/<id>/spec.json` and starts `runr attempt DIR`;
//! that process alone writes the rest of the folder and ends by replacing `state.json` with its verdict. The
//! orchestrator may die and come back: it adopts what runs and reads what ended.
//!
//! Edges point one way everywhere: `a → b` means that b needs a, the way work flows.
//!
//! # What always holds
//!
//! 1. Only [`cli`] prints, exits, and reads arguments or the environment (an attempt is a program of its own
//!    and does so in its first file).
//! 2. [`sched`] is deterministic: no clock, no randomness, no hash order.
//! 3. One function changes a task's state: [`state::State::apply`]. The state of several repositories is put together
//!    from theirs, and each journal is written by its own names and rules ([`store::Stores`]).
//! 4. Written before done: "started" is on disk before a worker may begin, "completed" before a dependent may
//!    start or anyone is told.
//! 5. `state == fold(events)`: status, resume and summary share one code path.
//! 6. All errors in the user's files are reported at once, with places.
//! 7. The driver owns all mutable state; no lock is shared between tasks.
//! 8. No name or path reaches dot, svg, a terminal or a shell unescaped.
//! 9. Every process that runr starts ends with its attempt: the whole tree, terminate → grace → kill, awaited.
//! 10. A newer format is never overwritten by an older binary.
//!
//! # What is promised about crashes
//!
//! An *attempt* starts at most once. A *task* is attempted at least once. A task becomes `completed` exactly
//! once for one fingerprint. Side effects of a lost attempt may repeat; no system can avoid that. After
//! `kill -9` of anything at any instant, the next command needs no manual step, no acknowledged `completed`
//! is lost, and no second attempt runs beside a first. *Acknowledged* = told, after its sync, by the process
//! that wrote it: printed, served, returned as an exit code, or used to start a dependent.

pub mod attempt;
pub mod claim;
pub mod cli;
pub mod event;
pub mod git;
pub mod house;
pub mod intake;
pub mod model;
pub mod orchestrate;
pub mod plan;
pub mod project;
pub mod render;
pub mod report;
pub mod scaffold;
pub mod sched;
pub mod screen;
pub mod simulate;
pub mod spec;
pub mod state;
pub mod store;
pub mod view;
pub mod web;
pub mod worker;
