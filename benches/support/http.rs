//! One HTTP/1.1 connection that is kept alive, on a blocking socket: as little work beside the server's as can be. Knows
//! only what this server sends (`Content-Length`, no chunks). Does not own what is asked.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// No answer takes longer, not even on a slow build.
const TIMEOUT: Duration = Duration::from_mins(1);
/// A connection that was left alone for longer is not used again: the server may be closing it at that moment.
const KEPT: Duration = Duration::from_secs(3);

/// A client with a connection and cookies of its own.
pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    last_used: Instant,
    buffer: Vec<u8>,
    cookies: Vec<(String, String)>,
    /// The address it comes from, as the trusted proxy says.
    pub forwarded_for: String,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    /// Where it redirects to; empty when it doesn't.
    pub location: String,
    pub body: String,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
            last_used: Instant::now(),
            buffer: Vec::new(),
            cookies: Vec::new(),
            forwarded_for: "192.0.2.1".into(),
        }
    }

    /// Forgets who it is, but keeps the connection: the next request is a new browser's.
    pub fn forget(&mut self, forwarded_for: String) {
        self.cookies.clear();
        self.forwarded_for = forwarded_for;
    }

    /// GET.
    pub fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, "").expect("the gateway answers")
    }

    /// POST of a form.
    pub fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", target, &headers, &body).expect("the gateway answers")
    }

    /// Any request.
    ///
    /// # Errors
    /// No connection, or an answer that this client doesn't understand.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nuser-agent: bench\r\nx-forwarded-for: {}\r\ncontent-length: {}\r\n",
            self.address,
            self.forwarded_for,
            body.len()
        );
        // Writing to a String can't fail.
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let _ = write!(head, "cookie: {}\r\n", pairs.join("; "));
        }
        head.push_str("\r\n");
        head.push_str(body);
        let mut stream = match self.stream.take().filter(|_| self.last_used.elapsed() < KEPT) {
            Some(stream) => stream,
            None => self.connect()?,
        };
        stream.write_all(head.as_bytes())?;
        let (head, body) = receive(&mut stream, &mut self.buffer)?;
        (self.stream, self.last_used) = (Some(stream), Instant::now());
        self.read(&head, body)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(stream)
    }

    /// Takes in the head: cookies, and whether the connection ends.
    fn read(&mut self, head: &str, body: String) -> io::Result<Answer> {
        let status =
            head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(|| odd("no status"))?;
        let mut location = String::new();
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match name {
                "location" => value.clone_into(&mut location),
                "connection" if value.eq_ignore_ascii_case("close") => self.stream = None,
                "set-cookie" => {
                    let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                    let (name, value) = pair.ok_or_else(|| odd("a cookie without a name"))?;
                    self.cookies.retain(|(known, _)| known != name);
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
                _ => {}
            }
        }
        Ok(Answer { status, location, body })
    }
}

/// Head and body of one answer. Nothing follows it: requests are not sent ahead.
fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<(String, String)> {
    buffer.clear();
    let mut chunk = [0; 16 * 1024];
    let mut expected = None;
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(odd("the gateway hung up"));
        }
        buffer.extend_from_slice(&chunk[..count]);
        if expected.is_none() {
            expected = head_and_length(buffer)?;
        }
        if let Some((head_end, length)) = expected
            && buffer.len() >= head_end + length
        {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Ok((text(&buffer[..head_end]), text(&buffer[head_end..])));
        }
    }
}

/// Where the body begins and how long it is, once the whole head is there.
fn head_and_length(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&buffer[..end]).map_err(|_| odd("a head that is no text"))?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|value| value.parse().ok()).ok_or_else(|| odd("no content-length"))?;
    Ok(Some((end + 4, length)))
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
