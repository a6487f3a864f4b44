//! A terminal for tests: a real pty, a program in it that leads its session, and a screen that understands what such a
//! program writes.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use unicode_width::UnicodeWidthChar as _;

use crate::world::World;

/// A test that waits longer than this has found something that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands on the screen.
#[derive(Debug, Default)]
struct Screen {
    rows: Vec<Vec<char>>,
    at: (usize, usize),
    /// The alternate screen is shown.
    alternate: bool,
    cursor_hidden: bool,
    /// Everything that was written.
    raw: Vec<u8>,
    read: usize,
    /// The other end is closed.
    over: bool,
}

/// A program in a terminal. Ends with the test.
pub struct Terminal {
    master: OwnedFd,
    child: Child,
    screen: Arc<(Mutex<Screen>, Condvar)>,
}

impl Terminal {
    /// `runr` with these arguments in a terminal of so many columns and rows.
    pub fn of(world: &World, args: &[&str], size: (u16, u16)) -> Self {
        let mut command = world.sealed("setsid");
        command.arg("--ctty").arg(crate::world::binary()).args(args);
        command.env("TERM", "xterm-256color").env("USER", "ada");
        Self::start(command, size)
    }

    pub fn start(mut command: Command, size: (u16, u16)) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        resize(&master, size);
        let end = || {
            let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
            let mode = rustix::fs::Mode::empty();
            Stdio::from(
                rustix::fs::open(&*name, flags | rustix::fs::OFlags::CLOEXEC, mode).unwrap(),
            )
        };
        let child = command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        // Its copies of the other end are closed with it: the end of the program is then the end of what is read.
        drop(command);
        let screen: Arc<(Mutex<Screen>, Condvar)> = Arc::default();
        let mut source = File::from(master.try_clone().unwrap());
        let shared = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let n = source.read(&mut bytes).unwrap_or(0);
                let (screen, changed) = &*shared;
                let mut screen = screen.lock().unwrap();
                screen.raw.extend_from_slice(&bytes[..n]);
                screen.over = n == 0;
                screen.take();
                changed.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        Self {
            master,
            child,
            screen,
        }
    }

    pub fn resize(&self, size: (u16, u16)) {
        resize(&self.master, size);
    }

    /// Presses keys.
    pub fn types(&self, keys: &str) {
        let mut terminal = File::from(self.master.try_clone().unwrap());
        terminal.write_all(keys.as_bytes()).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until these words have been written anew, after the first `drawn` bytes.
    pub fn until_more(&self, drawn: usize, words: &str) {
        // Between two words only what changed is written.
        let last = words.rsplit(' ').next().unwrap_or(words).to_owned();
        let (screen, changed) = &*self.screen;
        let missing = |screen: &mut Screen| {
            !screen.alternate || !String::from_utf8_lossy(&screen.raw[drawn..]).contains(&last)
        };
        let screen = changed.wait_timeout_while(screen.lock().unwrap(), PATIENCE, missing);
        assert!(!screen.unwrap().1.timed_out(), "waited in vain for {words}");
    }

    /// Waits until its screen is gone and its cursor there.
    pub fn until_given_back(&self) {
        let (screen, changed) = &*self.screen;
        let ours = |screen: &mut Screen| screen.alternate || screen.cursor_hidden;
        let screen = changed.wait_timeout_while(screen.lock().unwrap(), PATIENCE, ours);
        assert!(
            !screen.unwrap().1.timed_out(),
            "the terminal is not given back"
        );
    }

    /// Waits until the screen shows what is asked for, and gives it.
    #[track_caller]
    pub fn until(&self, what: &str, shows: impl Fn(&str) -> bool) -> String {
        let (screen, changed) = &*self.screen;
        let deadline = Instant::now() + PATIENCE;
        let mut screen = screen.lock().unwrap();
        loop {
            let text = screen.text();
            if shows(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !screen.over,
                "waited in vain for {what}:\n{text}"
            );
            screen = changed.wait_timeout(screen, left).unwrap().0;
        }
    }

    #[track_caller]
    pub fn until_says(&self, words: &str) -> String {
        self.until(words, |text| text.contains(words))
    }

    /// Everything that was written.
    pub fn raw(&self) -> Vec<u8> {
        self.screen.0.lock().unwrap().raw.clone()
    }

    /// Waits for the end, and says whether the terminal is as it was: its exit code, its screen, its cursor, its modes.
    pub fn ends(&mut self) -> Ended {
        let code = self.child.wait().unwrap().code();
        let (screen, changed) = &*self.screen;
        let mut screen = screen.lock().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !screen.over {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the terminal is held by somebody");
            screen = changed.wait_timeout(screen, left).unwrap().0;
        }
        let modes = tcgetattr(&self.master).unwrap().local_modes;
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        Ended {
            code,
            restored: !screen.alternate && !screen.cursor_hidden && modes.contains(cooked),
        }
    }
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub code: Option<i32>,
    pub restored: bool,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Ended already, in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resize(master: &OwnedFd, (columns, rows): (u16, u16)) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(master, size).unwrap();
}

impl Screen {
    fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let line: String = row.iter().filter(|c| **c != '\0').collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Takes what was written whole: an escape sequence or a character may still be on its way.
    fn take(&mut self) {
        while self.read < self.raw.len() {
            let rest = &self.raw[self.read..];
            match rest[0] {
                0x1b => {
                    let Some((n, sequence)) = escape(rest) else {
                        return;
                    };
                    self.read += n;
                    if let Some((what, parameters)) = sequence {
                        self.obey(what, &parameters);
                    }
                }
                b'\r' => {
                    self.at.0 = 0;
                    self.read += 1;
                }
                b'\n' => {
                    self.at.1 += 1;
                    self.read += 1;
                }
                _ => {
                    let most = &rest[..rest.len().min(4)];
                    let found = (1..=most.len()).find_map(|n| std::str::from_utf8(&most[..n]).ok());
                    let Some(c) = found.and_then(|text| text.chars().next()) else {
                        return;
                    };
                    self.read += c.len_utf8();
                    self.put(c);
                }
            }
        }
    }

    fn put(&mut self, c: char) {
        let wide = c.width().unwrap_or(0);
        let (x, y) = self.at;
        if wide == 0 {
            return;
        }
        while self.rows.len() <= y {
            self.rows.push(Vec::new());
        }
        let row = &mut self.rows[y];
        while row.len() < x + wide {
            row.push(' ');
        }
        row[x] = c;
        row[x + 1..x + wide].fill('\0');
        self.at.0 += wide;
    }

    fn obey(&mut self, what: u8, parameters: &str) {
        let number = |n: usize| -> usize {
            let mut all = parameters.split(';');
            all.nth(n).and_then(|p| p.parse().ok()).unwrap_or(1)
        };
        match what {
            b'H' => self.at = (number(1) - 1, number(0) - 1),
            b'J' => self.rows.clear(),
            b'h' | b'l' => {
                let on = what == b'h';
                match parameters {
                    "?1049" => self.alternate = on,
                    "?25" => self.cursor_hidden = !on,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// The length of an escape sequence, and what it asks for with which parameters; `None`: it is not complete.
fn escape(bytes: &[u8]) -> Option<(usize, Option<(u8, String)>)> {
    if *bytes.get(1)? != b'[' {
        return Some((2, None));
    }
    let end = 2 + bytes[2..].iter().position(|b| (0x40..=0x7e).contains(b))?;
    let parameters = String::from_utf8_lossy(&bytes[2..end]).into_owned();
    Some((end + 1, Some((bytes[end], parameters))))
}
