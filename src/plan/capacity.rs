//! Are the workers and pools that are named anywhere there, and large enough?

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::make::Maker;
use crate::spec::{At, Finding, Settings, nearest};

/// The workers that runr knows by itself.
const BUILT_IN: [&str; 3] = ["shell", "claude-code", "codex"];

impl Maker<'_> {
    /// Gathers the pools of both files and of the workers.
    pub(super) fn declare_pools(&mut self) {
        let mut pools = BTreeMap::new();
        let of_file = self.orchestration.iter().flat_map(|doc| &doc.pools);
        for (name, size) in self.config.pools.iter().chain(of_file) {
            pools.insert(Arc::from(&*name.value), *size);
        }
        for worker in &self.config.workers {
            if let Some(most) = worker.max_parallel {
                pools.insert(format!("worker:{}", worker.name.value).into(), most);
            }
        }
        self.pools = pools;
    }

    /// Checks what the files say for all tasks: the names of pools, and the workers and pools of defaults.
    pub(super) fn check_defaults(&mut self) {
        let of_file = self.orchestration.map(|doc| (&doc.file, &doc.pools));
        let of_config = self
            .config
            .file
            .as_ref()
            .map(|file| (file, &self.config.pools));
        for (file, pools) in of_config.into_iter().chain(of_file) {
            for (name, _) in pools
                .iter()
                .filter(|(name, _)| name.value.starts_with("worker:"))
            {
                self.findings.push(
                    Finding::error(
                        "wrong-key",
                        file,
                        name.mark,
                        "pools named `worker:…` are runr's own",
                    )
                    .help("set `max_parallel` of the worker"),
                );
            }
        }
        self.check_workers();
        if let Some((file, worker)) = self.config.file.as_ref().zip(self.config.worker.as_ref()) {
            self.known_worker(file, worker);
        }
        if let Some(doc) = self.orchestration {
            let tracks = doc.tracks.iter().map(|track| &track.defaults);
            for settings in tracks.chain([&doc.defaults]) {
                self.check_own(&doc.file, Some(settings));
            }
        }
    }

    /// Checks the worker and the pools that stand in one place.
    pub(super) fn check_own(&mut self, file: &Arc<str>, settings: Option<&Settings>) {
        let Some(settings) = settings else { return };
        if let Some(worker) = &settings.worker {
            self.known_worker(file, worker);
        }
        self.known_pools(file, &settings.pools);
    }

    pub(super) fn known_worker(&mut self, file: &Arc<str>, worker: &At<Box<str>>) {
        let name = &*worker.value;
        if BUILT_IN.contains(&name) || self.config.has_worker(name) {
            return;
        }
        let configured = self.config.workers.iter().map(|worker| &*worker.name.value);
        let help = match nearest(name, BUILT_IN.into_iter().chain(configured)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "runr knows `claude-code`, `codex` and `shell`; describe others under `workers` in the configuration".to_owned(),
        };
        self.findings.push(
            Finding::error(
                "unknown-worker",
                file,
                worker.mark,
                format!("there is no worker `{name}`"),
            )
            .help(help),
        );
    }

    fn known_pools(&mut self, file: &Arc<str>, pools: &[(At<Box<str>>, u32)]) {
        for (name, take) in pools {
            match self.pools.get(&*name.value) {
                Some(of) if take > of => self.findings.push(
                    Finding::error(
                        "pool-too-small",
                        file,
                        name.mark,
                        format!("takes {take} of the pool `{}`, which has {of}", name.value),
                    )
                    .help("take less, or make the pool larger"),
                ),
                Some(_) => {}
                None => {
                    let own = self
                        .pools
                        .keys()
                        .map(|name| &**name)
                        .filter(|name| !name.starts_with("worker:"));
                    let help = match nearest(&name.value, own) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!(
                            "declare it: `pools: {{ {}: {take} }}` in the configuration or the orchestration file",
                            name.value
                        ),
                    };
                    self.findings.push(
                        Finding::error(
                            "unknown-pool",
                            file,
                            name.mark,
                            format!("there is no pool `{}`", name.value),
                        )
                        .help(help),
                    );
                }
            }
        }
    }
}
