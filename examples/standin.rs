//! An engine that only takes a build's context, for `make bench`: what a client costs is then all that is timed.
//!
//! `standin SOCKET [FILE]` listens on SOCKET, answers what clients ask before a build, reads the context of
//! `POST /build` to its end (into FILE, where one is given) and then fails the build.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let socket = arguments.next().ok_or_else(|| io::Error::other("usage: standin SOCKET [FILE]"))?;
    let file = arguments.next();
    for stream in UnixListener::bind(socket)?.incoming() {
        let (stream, file) = (stream?, file.clone());
        std::thread::spawn(move || serve(&stream, file.as_deref()));
    }
    Ok(())
}

/// Answers the requests of one connection.
fn serve(stream: &UnixStream, file: Option<&str>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let (mut length, mut chunked) = (0, false);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            chunked |= line == "transfer-encoding: chunked";
        }
        let is_build = first.contains("/build?");
        let mut sink: Box<dyn Write> = match file.filter(|_| is_build) {
            Some(file) => Box::new(File::create(file)?),
            None => Box::new(io::sink()),
        };
        if chunked {
            copy_chunks(&mut reader, &mut sink)?;
        } else {
            io::copy(&mut reader.by_ref().take(length), &mut sink)?;
        }
        let body = if is_build {
            r#"{"errorDetail":{"message":"this engine takes the context and builds nothing"},"error":"this engine takes the context and builds nothing"}"#
        } else if first.contains("/_ping") {
            "OK"
        } else if first.contains("/networks/create") {
            r#"{"Id":"standin","Warning":""}"#
        } else if first.contains("/networks?") || first.contains("/containers/json") {
            "[]"
        } else {
            r#"{"ID":"standin","Name":"standin","ServerVersion":"20.10.24","Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12","OSType":"linux","Os":"linux","Arch":"amd64","Architecture":"x86_64","DockerRootDir":"/standin","message":"none"}"#
        };
        // Images and the like are not there.
        let known = is_build
            || ["/_ping", "/info", "/version", "/networks/create", "/networks?", "/containers/json"]
                .iter()
                .any(|path| first.contains(path));
        let status = if known { "200 OK" } else { "404 Not Found" };
        let shown = if first.starts_with("HEAD") { "" } else { body };
        let mut answer = stream;
        write!(
            answer,
            "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nOstype: linux\r\nDocker-Experimental: false\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{shown}",
            body.len()
        )?;
    }
}

/// Reads a chunked body to its end.
fn copy_chunks(reader: &mut impl BufRead, sink: &mut dyn Write) -> io::Result<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        io::copy(&mut reader.by_ref().take(size), sink)?;
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(());
        }
    }
}
