//! The deadlines of a running command. Pure: `now` is an argument.
//!
//! Knows the monotonic clock's instants. Does not know processes or how output is noticed.

use std::time::{Duration, Instant};

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Nothing at all came from the worker.
    Startup(Duration),
    /// Nothing more came from the worker.
    Idle(Duration),
    /// A verification command's own limit.
    Command(Duration),
    /// It has given its final word and stays.
    Linger(Duration),
    /// The whole attempt's.
    Wall(Duration),
}

/// The deadlines of one command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    startup: Option<(Instant, Duration)>,
    idle: Option<(Instant, Duration)>,
    command: Option<(Instant, Duration)>,
    linger: Option<(Instant, Duration)>,
    wall: Option<(Instant, Duration)>,
}

impl Limits {
    /// `began` is the attempt's begin, from which `wall` counts.
    #[must_use]
    pub fn new(began: Instant, wall: Option<Duration>) -> Self {
        Self {
            wall: deadline(began, wall),
            ..Self::default()
        }
    }
    /// Limits on a worker's silence, from `now`.
    #[must_use]
    pub fn silence(self, now: Instant, startup: Option<Duration>, idle: Option<Duration>) -> Self {
        Self {
            startup: deadline(now, startup),
            idle: deadline(now, idle),
            ..self
        }
    }
    /// A limit on this command alone, from `now`.
    #[must_use]
    pub fn command(self, now: Instant, limit: Option<Duration>) -> Self {
        Self {
            command: deadline(now, limit),
            ..self
        }
    }
    /// How long it may stay from `now` on, when it has given its final word; `None`: it has not.
    pub fn may_linger(&mut self, now: Instant, limit: Option<Duration>) {
        self.linger = deadline(now, limit);
    }
    /// Must output be listened for?
    #[must_use]
    pub fn listens(&self) -> bool {
        self.startup.is_some() || self.idle.is_some()
    }
    /// Output was seen.
    pub fn heard(&mut self, now: Instant) {
        self.startup = None;
        self.idle = self.idle.and_then(|(_, limit)| deadline(now, Some(limit)));
    }
    /// The limit that has passed; the one that passed first, when there are several.
    #[must_use]
    pub fn passed(&self, now: Instant) -> Option<Limit> {
        self.each()
            .filter(|(at, _)| *at <= now)
            .min_by_key(|(at, _)| *at)
            .map(|(_, limit)| limit)
    }
    /// When to look again.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.each().map(|(at, _)| at).min()
    }
    fn each(&self) -> impl Iterator<Item = (Instant, Limit)> {
        type Make = fn(Duration) -> Limit;
        let all: [(Option<(Instant, Duration)>, Make); 5] = [
            (self.linger, Limit::Linger),
            (self.wall, Limit::Wall),
            (self.command, Limit::Command),
            (self.startup, Limit::Startup),
            (self.idle, Limit::Idle),
        ];
        all.into_iter()
            .filter_map(|(entry, make)| entry.map(|(at, limit)| (at, make(limit))))
    }
}

/// A limit too long for the clock is none.
fn deadline(from: Instant, limit: Option<Duration>) -> Option<(Instant, Duration)> {
    let limit = limit?;
    Some((from.checked_add(limit)?, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn the_first_passed_limit_is_named() {
        let t0 = Instant::now();
        let limits = Limits::new(t0, Some(ms(100)))
            .silence(t0, Some(ms(30)), Some(ms(50)))
            .command(t0, Some(ms(200)));
        assert_eq!(limits.next(), Some(t0 + ms(30)));
        for (at, expected) in [
            (0, None),
            (29, None),
            (30, Some(Limit::Startup(ms(30)))),
            (500, Some(Limit::Startup(ms(30)))),
        ] {
            assert_eq!(limits.passed(t0 + ms(at)), expected, "at {at} ms");
        }
    }

    #[test]
    fn output_ends_the_start_and_moves_the_idle_limit() {
        let t0 = Instant::now();
        let mut limits = Limits::new(t0, Some(ms(100))).silence(t0, Some(ms(30)), Some(ms(50)));
        limits.heard(t0 + ms(20));
        assert_eq!(limits.passed(t0 + ms(69)), None);
        assert_eq!(limits.passed(t0 + ms(70)), Some(Limit::Idle(ms(50))));
        limits.heard(t0 + ms(60));
        assert_eq!(limits.passed(t0 + ms(100)), Some(Limit::Wall(ms(100))));
    }

    #[test]
    fn without_limits_there_is_nothing_to_wait_for() {
        let t0 = Instant::now();
        let mut limits = Limits::new(t0, None).silence(t0, None, None);
        limits.heard(t0);
        assert_eq!(limits.next(), None);
        assert!(!limits.listens());
        let endless = Limits::new(t0, Some(Duration::MAX));
        assert_eq!(endless.passed(t0 + ms(1000)), None);
    }
}
