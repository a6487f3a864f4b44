//! Which agent a worker's name stands for, and whether the caps on money can be kept with it.
//!
//! Knows the built-in agents and the configuration's. Does not know what their programs understand.

use std::sync::Arc;

use crate::model::{Adapter, AgentWork, Budget, CommandLine, EnvVar, ResultWay, TaskKind, Usd};
use crate::plan::layers::Layers;
use crate::plan::make::Maker;
use crate::spec::{Finding, Mark, WorkerDoc};

/// How often an agent works at a task until it verifies when nothing is configured, the first time included.
const ATTEMPTS: u32 = 3;

impl Maker<'_> {
    /// The agent of a task. `None`: the worker is `shell`, a person, or nobody.
    pub(super) fn agent(
        &mut self,
        file: &Arc<str>,
        mark: Mark,
        kind: TaskKind,
        worker: Option<&str>,
        layers: &Layers<'_>,
    ) -> Option<Arc<AgentWork>> {
        let name = worker.filter(|_| kind != TaskKind::Manual)?;
        let agent = self.work(name, layers)?;
        if agent.budget.is_set() && !agent.adapter.meters_money(agent.result) {
            let own = layers.settings[1].and_then(|own| own.worker.as_ref());
            let help = match agent.adapter {
                Adapter::Custom => "let it tell its cost (`result: json`), or take the budget away",
                Adapter::ClaudeCode | Adapter::Codex => {
                    "take the budget away, or give the task another worker"
                }
            };
            self.findings.push(
                Finding::error(
                    "unmetered-budget",
                    file,
                    own.map_or(mark, |own| own.mark),
                    format!("the worker `{name}` does not tell what it costs, and a budget is set"),
                )
                .help(help),
            );
        }
        Some(self.share(agent))
    }

    /// The agent that takes over, if the worker's configuration names one.
    pub(super) fn fallback(
        &mut self,
        worker: Option<&str>,
        agent: bool,
        layers: &Layers<'_>,
    ) -> Option<(Arc<str>, Arc<AgentWork>)> {
        let doc = self.described(worker.filter(|_| agent)?)?;
        let name = doc.fallback.as_ref()?.value.clone();
        let work = self.work(&name, layers)?;
        Some((self.intern(&name), self.share(work)))
    }

    /// How a worker of this name is started for a task with these settings.
    fn work(&self, name: &str, layers: &Layers<'_>) -> Option<AgentWork> {
        let doc = self.described(name);
        let by_name = match name {
            "claude-code" => Some(Adapter::ClaudeCode),
            "codex" => Some(Adapter::Codex),
            _ => None,
        };
        let command = doc.and_then(|doc| doc.command.clone());
        let adapter = doc.and_then(|doc| doc.adapter).or(by_name);
        let (adapter, program) = match (adapter, command) {
            (Some(Adapter::Custom) | None, None) => return None,
            (Some(adapter), Some(command)) => (adapter, command),
            (None, Some(command)) => (Adapter::Custom, command),
            (Some(Adapter::ClaudeCode), None) => (Adapter::ClaudeCode, program("claude")),
            (Some(Adapter::Codex), None) => (Adapter::Codex, program("codex")),
        };
        let settings = layers.agent();
        let model = layers
            .model()
            .or_else(|| doc.and_then(|doc| doc.model.clone()));
        let own = layers.budget_usd().and_then(Usd::from_dollars);
        let env: &[EnvVar] = doc.map_or(&[], |doc| &doc.env);
        Some(AgentWork {
            adapter,
            program,
            result: doc.map_or(ResultWay::Exit, |doc| doc.result),
            model,
            settings: match doc {
                Some(doc) => settings.or(&doc.settings),
                None => settings,
            },
            env: env.into(),
            send_backs: self
                .config
                .verify
                .max_attempts
                .unwrap_or(ATTEMPTS)
                .saturating_sub(1),
            budget: Budget {
                task_usd: own.or(self.config.budget.task_usd),
                ..self.config.budget
            },
        })
    }

    /// Checks what stands under `workers`.
    pub(super) fn check_workers(&mut self) {
        let Some(file) = &self.config.file else {
            return;
        };
        for worker in &self.config.workers {
            let name = &*worker.name.value;
            let built_in = matches!(name, "claude-code" | "codex" | "shell");
            let started = matches!(worker.adapter, Some(Adapter::ClaudeCode | Adapter::Codex));
            if worker.command.is_none() && !built_in && !started {
                self.findings.push(
                    Finding::error(
                        "no-command",
                        file,
                        worker.name.mark,
                        format!("the worker `{name}` has no `command`"),
                    )
                    .help("add `command: [PROGRAM, \"{prompt_file}\"]`, or `adapter: claude-code`"),
                );
            }
            if let Some(fallback) = &worker.fallback
                && (*fallback.value == *name || *fallback.value == *"shell")
            {
                self.findings.push(
                    Finding::error(
                        "wrong-value",
                        file,
                        fallback.mark,
                        format!("`{}` cannot take over from `{name}`", fallback.value),
                    )
                    .help("name another agent"),
                );
            }
        }
        let named: Vec<_> = self
            .config
            .workers
            .iter()
            .filter_map(|it| it.fallback.as_ref())
            .collect();
        for fallback in named {
            self.known_worker(&file.clone(), fallback);
        }
    }

    fn described(&self, name: &str) -> Option<&WorkerDoc> {
        let mut workers = self.config.workers.iter();
        workers.find(|worker| *worker.name.value == *name)
    }

    fn share(&mut self, work: AgentWork) -> Arc<AgentWork> {
        match self.agents.iter().find(|known| ***known == work) {
            Some(known) => known.clone(),
            None => {
                let work = Arc::new(work);
                self.agents.push(work.clone());
                work
            }
        }
    }
}

fn program(name: &str) -> CommandLine {
    CommandLine::Argv(vec![name.to_owned()])
}
