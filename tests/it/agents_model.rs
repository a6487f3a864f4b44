//! The real agent programs and a model server on loopback for them.
//!
//! The programs are found below the folder that `RUNR_REAL_AGENTS` names (its `node_modules`, as `npm ci` makes it from
//! `tests/agents`). They meet no network, no account and nothing of the developer's: a home of their own, a dummy key.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::world::World;

/// The real programs, one test at a time: each takes a whole processor and more.
pub struct RealAgents {
    folder: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl RealAgents {
    /// `None`: they are not on this machine, which is said.
    pub fn find() -> Option<Self> {
        let folder = std::env::var_os("RUNR_REAL_AGENTS").map(PathBuf::from);
        let python = Path::new("/usr/bin/python3").exists();
        match folder.filter(|folder| folder.join("node_modules").is_dir() && python) {
            Some(folder) => Some(Self {
                folder,
                _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner),
            }),
            None => {
                assert!(
                    std::env::var_os("RUNR_REQUIRE_TOOLS").is_none(),
                    "RUNR_REAL_AGENTS names no folder with the agents' programs, or there is no python3"
                );
                // The test's outcome does not hang on being heard.
                let _ = writeln!(
                    std::io::stderr(),
                    "skipped: no claude and codex CLI (set RUNR_REAL_AGENTS after `npm ci` in a copy of tests/agents)"
                );
                None
            }
        }
    }

    pub fn claude(&self) -> PathBuf {
        self.folder.join("node_modules/.bin/claude")
    }

    /// The program itself; what npm puts into `.bin` needs node to start it.
    pub fn codex(&self) -> PathBuf {
        let vendor = self
            .folder
            .join("node_modules/@openai/codex-linux-x64/vendor");
        let triple = fs::read_dir(&vendor)
            .unwrap_or_else(|error| panic!("{}: {error}", vendor.display()))
            .next()
            .expect("a platform")
            .expect("its folder");
        triple.path().join("bin/codex")
    }
}

/// A scripted model server.
pub struct Model {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Model {
    /// Starts `tests/fakemodel/PROGRAM` with a scenario.
    pub fn start(world: &World, program: &str, scenario: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fakemodel");
        let (file, log) = (
            world.outside().join("scenario.json"),
            world.outside().join("requests.jsonl"),
        );
        fs::write(&file, scenario.to_string()).unwrap();
        let mut child = Command::new("/usr/bin/python3")
            .arg("-B")
            .arg(folder.join(program))
            .arg(&file)
            .arg("--log")
            .arg(&log)
            .args(["--log-bodies", "--until-eof"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the port in the first line");
        Self { child, port, log }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that was asked so far.
    pub fn requests(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// A project whose worker is the real Claude Code, and its surroundings.
pub struct Claude {
    pub world: World,
    pub model: Model,
    program: PathBuf,
}

impl Claude {
    pub fn new(agents: &RealAgents, scenario: &Value) -> Self {
        let world = World::new();
        let model = Model::start(&world, "fake_anthropic.py", scenario);
        let claude = Self {
            world,
            model,
            program: agents.claude(),
        };
        claude.configure("");
        claude
    }

    /// Writes the configuration, with more lines at its end.
    pub fn configure(&self, more: &str) {
        self.world.write(
            ".runr/config.yaml",
            &format!(
                "worker: claude-code\nretries: {{ max: 0, backoff: {{ base: 10ms, max: 20ms }} }}\n\
                 timeouts: {{ grace: 5s }}\nworkers:\n  claude-code: {{ command: [{:?}], allow: [Bash] }}\n{more}",
                self.program
            ),
        );
    }

    /// A session that a person starts in the project: `claude -p`. `runr` is on its path.
    pub fn session(&self, args: &[&str]) -> Command {
        let runr = Path::new(env!("CARGO_BIN_EXE_runr")).parent().unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", runr.display());
        let mut command = self.world.sealed(self.program.to_str().unwrap());
        command
            .args(["-p", "--output-format", "stream-json", "--verbose"])
            .args(args)
            .env("PATH", path);
        self.at_the_model(&mut command);
        command
    }

    pub fn runr(&self, args: &[&str]) -> Command {
        let mut command = self.world.runr(args);
        self.at_the_model(&mut command);
        command
    }

    fn at_the_model(&self, command: &mut Command) {
        command
            .env("ANTHROPIC_BASE_URL", self.model.url())
            .env("ANTHROPIC_API_KEY", "dummy-key-of-a-test")
            .env("TMPDIR", self.world.outside())
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("CLAUDE_CODE_MAX_RETRIES", "1");
        for name in ["TELEMETRY", "ERROR_REPORTING", "AUTOUPDATER", "BUG_COMMAND"] {
            command.env(format!("DISABLE_{name}"), "1");
        }
    }
}

/// A project whose worker is the real Codex.
pub struct Codex {
    pub world: World,
    pub model: Model,
}

impl Codex {
    pub fn new(agents: &RealAgents, scenario: &Value) -> Self {
        let world = World::new();
        let model = Model::start(&world, "fake_openai.py", scenario);
        let provider = format!(
            "model_providers.fake={{name=\"fake\",base_url=\"{}/v1\",wire_api=\"responses\",env_key=\"FAKE_KEY\",\
             request_max_retries=1,stream_max_retries=1}}",
            model.url()
        );
        let args = serde_json::json!([
            "--ignore-user-config",
            "-c",
            "model_provider=\"fake\"",
            "-c",
            provider
        ]);
        world.write(
            ".runr/config.yaml",
            &format!(
                "worker: codex\nretries: {{ max: 0, backoff: {{ base: 10ms, max: 20ms }} }}\n\
                 timeouts: {{ grace: 5s }}\nworkers:\n  codex:\n    command: [{:?}]\n    model: fake-model\n    \
                 env: {{ FAKE_KEY: dummy-key }}\n    args: {args}\n",
                agents.codex()
            ),
        );
        // Its home must not lie under the temporary folder.
        fs::create_dir(world.outside().join("tmp")).unwrap();
        fs::create_dir(world.outside().join("home/.codex")).unwrap();
        Self { world, model }
    }

    pub fn runr(&self, args: &[&str]) -> Command {
        let mut command = self.world.runr(args);
        command.env("TMPDIR", self.world.outside().join("tmp"));
        command
    }
}
