//! Are the workers and pools that are named anywhere there, and large enough?

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::make::Maker;
use crate::spec::{At, Finding, Settings, nearest};

/// The workers that runr knows by itself.
const BUILT_IN: [&str; 3] = ["shell", "claude-code", "codex"];

impl Maker<'_> {
    /// Gathers the pools of both files and of the workers, and checks what defaults name.
    pub(super) fn declare_pools(&mut self) {
        let mut pools = BTreeMap::new();
        let of_file = self.orchestration.map(|doc| (Some(&doc.file), &doc.pools));
        for (file, declared) in [(self.config.file.as_ref(), &self.config.pools)]
            .into_iter()
            .chain(of_file)
        {
            for (name, size) in declared {
                if let (Some(file), true) = (file, name.value.starts_with("worker:")) {
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
                pools.insert(Arc::from(&*name.value), *size);
            }
        }
        for worker in &self.config.workers {
            if let Some(most) = worker.max_parallel {
                pools.insert(format!("worker:{}", worker.name.value).into(), most);
            }
        }
        self.pools = pools;
        // The workers that defaults name are checked here, once; a task's own where it is made.
        let defaults = self.orchestration.iter().flat_map(|doc| {
            let tracks = doc.tracks.iter().map(|track| &track.defaults);
            tracks
                .chain([&doc.defaults])
                .map(|settings| (&doc.file, settings))
        });
        let named = defaults.filter_map(|(file, settings)| Some((file, settings.worker.as_ref()?)));
        let configured = self.config.file.as_ref().zip(self.config.worker.as_ref());
        let named: Vec<_> = named
            .chain(configured)
            .map(|(file, worker)| (file.clone(), worker))
            .collect();
        for (file, worker) in named {
            self.known_worker(&file, worker);
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

    /// Checks the pools that the defaults take from.
    pub fn check_defaults(&mut self) {
        let Some(doc) = self.orchestration else {
            return;
        };
        for settings in doc
            .tracks
            .iter()
            .map(|track| &track.defaults)
            .chain([&doc.defaults])
        {
            self.known_pools(&doc.file, &settings.pools);
        }
    }

    fn known_worker(&mut self, file: &Arc<str>, worker: &At<Box<str>>) {
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
