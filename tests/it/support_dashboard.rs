//! A dashboard that runs, and a client that says exactly what it is told to: no library may tidy a request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::support::Fixture;

/// Ends with the test.
pub struct Dashboard {
    child: Child,
    pub port: u16,
    pub token: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Dashboard {
    pub fn of(fixture: &Fixture) -> Self {
        Self::start(fixture.command(&["dashboard", "--no-open"]))
    }

    /// By this command.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .env("USER", "ada")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the dashboard starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its stdout");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("its address");
        let rest = line
            .trim()
            .strip_prefix("http://127.0.0.1:")
            .expect("an address");
        let (port, token) = rest.split_once("/#token=").expect("a token");
        Self {
            child,
            port: port.parse().expect("a port"),
            token: token.to_owned(),
        }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/#token={}", self.port, self.token)
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends these lines and this body, and reads to the end.
    pub fn say(&self, head: &[String], body: &str) -> Answer {
        let mut stream = self.open(head, body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        Answer {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: if chunked {
                unchunked(body)
            } else {
                body.to_owned()
            },
        }
    }

    fn open(&self, head: &[String], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let mut text = head.join("\r\n");
        if !body.is_empty() {
            text.push_str(&format!("\r\nContent-Length: {}", body.len()));
        }
        text.push_str("\r\nConnection: close\r\n\r\n");
        text.push_str(body);
        stream.write_all(text.as_bytes()).expect("a request");
        stream
    }

    /// Reads something with the token.
    pub fn get(&self, path: &str) -> Answer {
        self.say(&self.head("GET", path), "")
    }

    /// Changes something with the token.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        let mut head = self.head("POST", path);
        head.push("Content-Type: application/json".to_owned());
        self.say(&head, body)
    }

    /// Messages as they come: pairs of event and data.
    pub fn listen(&self, path: &str) -> impl Iterator<Item = (String, String)> + use<> {
        let stream = self.open(&self.head("GET", path), "");
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        std::iter::from_fn(move || {
            let event = lines.find_map(|line| line.strip_prefix("event: ").map(str::to_owned))?;
            let data = lines.next()?.strip_prefix("data: ")?.to_owned();
            Some((event, data))
        })
    }

    pub fn head(&self, method: &str, path: &str) -> Vec<String> {
        vec![
            format!("{method} {path} HTTP/1.1"),
            format!("Host: {}", self.host()),
            format!("Authorization: Bearer {}", self.token),
        ]
    }

    /// Asks it to end, as the terminal does, and gives its exit code.
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        self.child.wait().expect("its end").code()
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        // Ended already, after an interrupt.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unchunked(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("the size of a chunk");
        if size == 0 {
            break;
        }
        out.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    out
}
