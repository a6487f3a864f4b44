//! What the workers wrote, in the order in which they wrote it.
//!
//! The ledger lies outside `.runr` and is only ever appended to, one `write` a line: its order is the
//! order in which things happened, without any clock.

use std::fmt;

/// The script that a worker runs: `sh work.sh NAME [SECONDS|FIFO]`.
///
/// It holds a lock on a file of its task's, which everything it starts inherits: a second attempt beside
/// any remains of a first writes `overlap`. A path instead of a number makes it wait for a line there.
pub const SCRIPT: &str = r#"# Written by the tests.
exec 8>>"$RUNR_ROOT/../ledger"
exec 9>>"$RUNR_ROOT/../lock.$1"
flock -n 9 || echo "overlap $1 $RUNR_RUN_ID $$" >&8
echo "start $1 $RUNR_RUN_ID $$" >&8
case "$2" in
    '') ;;
    */*) read -r answer < "$2"; test "$answer" = fail && exit 7 ;;
    *) sleep "$2" ;;
esac
echo "end $1 $RUNR_RUN_ID $$" >&8
"#;

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `start`, `end` or `overlap`; or what a test's own command wrote.
    pub what: String,
    pub task: String,
    pub run: String,
    pub pid: u32,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.what, self.task, self.run, self.pid)
    }
}

/// The whole ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger(pub Vec<Entry>);

impl Ledger {
    /// Reads its text; a line that is not whole yet is left out.
    pub fn parse(text: &str) -> Self {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let entry = |line: &str| {
            let mut words = line.split(' ');
            let mut next = || words.next().unwrap_or_default().to_owned();
            let (what, task, run, pid) = (next(), next(), next(), next());
            Entry {
                what,
                task,
                run,
                pid: pid.parse().unwrap_or(0),
            }
        };
        Self(whole.lines().map(entry).collect())
    }

    /// The lines of one kind.
    pub fn of<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(move |entry| entry.what == what)
    }

    /// The tasks of one kind of line, in order: `started("start")` is the order of dispatch.
    pub fn tasks(&self, what: &str) -> Vec<String> {
        self.of(what).map(|entry| entry.task.clone()).collect()
    }

    /// How often a line of this kind stands there for this task.
    pub fn count(&self, what: &str, task: &str) -> usize {
        self.of(what).filter(|entry| entry.task == task).count()
    }

    /// Where the first line of this kind and task stands.
    pub fn place(&self, what: &str, task: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|entry| entry.what == what && entry.task == task)
    }

    /// How many of the matching tasks ran at once at most. Only for ledgers whose workers all ended by
    /// themselves.
    pub fn peak(&self, of: impl Fn(&str) -> bool) -> usize {
        let mut now = 0_usize;
        let mut peak = 0;
        for entry in self.0.iter().filter(|entry| of(&entry.task)) {
            match entry.what.as_str() {
                "start" => now += 1,
                "end" => now = now.saturating_sub(1),
                _ => {}
            }
            peak = peak.max(now);
        }
        peak
    }

    /// Holds that no dependent began before its prerequisites' first end, and that nothing overlapped.
    ///
    /// `edges`: prerequisite, dependent.
    pub fn assert_order(&self, edges: &[(&str, &str)]) {
        let overlaps: Vec<&Entry> = self.of("overlap").collect();
        assert!(
            overlaps.is_empty(),
            "two attempts at one task lived at once: {overlaps:?}\n{self}"
        );
        for (prerequisite, dependent) in edges {
            let Some(start) = self.place("start", dependent) else {
                continue;
            };
            match self.place("end", prerequisite) {
                Some(end) if end < start => {}
                _ => panic!("`{dependent}` started before `{prerequisite}` had ended\n{self}"),
            }
        }
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|entry| writeln!(f, "  {entry}"))
    }
}
