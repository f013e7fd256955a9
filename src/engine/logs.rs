//! A container's output: frames of two streams demultiplexed, lines capped, memory bounded.

use std::time::Duration;

use http::Method;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::short;
use super::fault::Fault;
use super::lines::Lines;
use super::wire::{Plain, Reply, escape, within};

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSource {
    /// Standard output, or a terminal's both.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line, without its end; capped, not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Where it came from.
    pub source: LogSource,
    /// The text.
    pub text: String,
}

/// Which part of the log.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Go on until the container ends.
    pub follow: bool,
    /// Only so many last lines; all where there is no number.
    pub tail: Option<u32>,
    /// Only what was written since then, RFC 3339 by the engine's clock.
    pub since: Option<String>,
    /// Bytes after which reading stops; zero is no limit.
    pub max_bytes: u64,
}

/// What a program wrote, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Its standard output; of a terminal both.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// There was more than was to be kept.
    pub cut: bool,
}

impl Output {
    /// Bytes of both streams.
    fn len(&self) -> usize {
        self.stdout.len().saturating_add(self.stderr.len())
    }

    /// Keeps of `bytes` what `max` bytes in all leave room for.
    pub(super) fn keep(&mut self, source: LogSource, bytes: &[u8], max: usize) {
        let room = max.saturating_sub(self.len());
        let kept = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.cut |= kept.len() < bytes.len();
        match source {
            LogSource::Stdout => self.stdout.extend_from_slice(kept),
            LogSource::Stderr => self.stderr.extend_from_slice(kept),
        }
    }
}

impl Engine {
    /// Reads what a container writes as it comes, until it ends, and keeps at most the first `max` bytes of it: the engine
    /// drops the beginning of a log that grows too large. Docker keeps it as JSON, so that U+FFFD stands for what is no
    /// UTF-8. The engine may end this before all was sent: `whole_output` of the ended container makes up for it.
    pub async fn container_output(&self, id: &str, max: usize) -> Result<Output> {
        self.read_output(id, true, max).await
    }

    /// What `followed` has, or, where the engine ended that too early, what the log of the container has, which has ended.
    pub async fn whole_output(&self, id: &str, followed: Output, max: usize) -> Result<Output> {
        if followed.cut {
            return Ok(followed);
        }
        let read = self.read_output(id, false, max).await?;
        Ok(if read.len() > followed.len() { read } else { followed })
    }

    async fn read_output(&self, id: &str, follow: bool, max: usize) -> Result<Output> {
        let told = |fault: Fault| self.told(fault, format!("read the output of container {}", short(id)));
        let options = LogOptions { follow, ..LogOptions::default() };
        let (mut reply, tty) = self.open_log(id, &options).await?;
        let mut output = Output::default();
        let mut frames = Frames::new(tty);
        let idle = idle(follow);
        while !output.cut
            && let Some(chunk) = within(idle, reply.chunk()).await.map_err(told)?
        {
            frames.push(&chunk, &mut |source, bytes| output.keep(source, bytes, max)).map_err(told)?;
        }
        Ok(output)
    }

    async fn open_log(&self, id: &str, options: &LogOptions) -> Result<(Reply, bool)> {
        let told = |fault: Fault| self.told(fault, format!("read the log of container {}", short(id)));
        let tty = self.inspect_container(id).await?.is_some_and(|container| container.tty);
        let mut query = vec![("stdout", "1".to_owned()), ("stderr", "1".to_owned())];
        query.push(("follow", u8::from(options.follow).to_string()));
        query.extend(options.tail.map(|tail| ("tail", tail.to_string())));
        let since = options.since.as_ref().and_then(|since| since.parse::<jiff::Timestamp>().ok());
        query.extend(
            since.map(|since| ("since", format!("{}.{:09}", since.as_second(), since.subsec_nanosecond()))),
        );
        let path = format!("/containers/{}/logs", escape(id));
        let opened =
            async { self.wire.send(self.wire.request(Method::GET, &path, &query, Plain::default())?).await };
        Ok((within(CALL, opened).await.map_err(told)?, tty))
    }

    /// Reads a container's log line by line. Whether all of it was read: `false` where `max_bytes` cut it.
    pub async fn container_logs(
        &self,
        id: &str,
        options: &LogOptions,
        on_line: &mut (dyn FnMut(LogLine) + Send),
    ) -> Result<bool> {
        let told = |fault: Fault| self.told(fault, format!("read the log of container {}", short(id)));
        let (mut reply, tty) = self.open_log(id, options).await?;
        read(&mut reply, tty, options.max_bytes, idle(options.follow), on_line).await.map_err(told)
    }
}

/// The longest silence: a log that is not followed comes at once; a followed one is silent as long as the container is.
fn idle(follow: bool) -> Duration {
    if follow { Duration::MAX } else { CALL }
}

/// Reads a log to its end.
async fn read(
    reply: &mut Reply,
    tty: bool,
    max_bytes: u64,
    idle: Duration,
    on_line: &mut (dyn FnMut(LogLine) + Send),
) -> Result<bool, Fault> {
    let mut demux = Demux::new(tty);
    let (mut left, unlimited) = (max_bytes, max_bytes == 0);
    while let Some(chunk) = within(idle, reply.chunk()).await? {
        let take = if unlimited {
            chunk.len()
        } else {
            chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX))
        };
        demux.push(chunk.get(..take).unwrap_or_default(), on_line)?;
        left = left.saturating_sub(take as u64);
        if take < chunk.len() {
            demux.finish(on_line);
            return Ok(false);
        }
    }
    demux.finish(on_line);
    Ok(true)
}

/// Docker's frames: a byte for the stream, three zeros, the length big-endian, the bytes.
pub(super) struct Frames {
    tty: bool,
    header: Vec<u8>,
    /// Bytes of the frame that are still to come.
    left: u32,
    source: LogSource,
}

impl Frames {
    pub(super) fn new(tty: bool) -> Frames {
        Frames { tty, header: Vec::with_capacity(8), left: 0, source: LogSource::Stdout }
    }

    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        on_bytes: &mut (dyn FnMut(LogSource, &[u8]) + Send),
    ) -> Result<(), Fault> {
        if self.tty {
            on_bytes(LogSource::Stdout, bytes);
            return Ok(());
        }
        while !bytes.is_empty() {
            if self.left == 0 {
                let need = 8usize.saturating_sub(self.header.len()).min(bytes.len());
                let (head, rest) = bytes.split_at(need);
                self.header.extend_from_slice(head);
                bytes = rest;
                if let [stream, 0, 0, 0, a, b, c, d] = *self.header.as_slice() {
                    self.source = match stream {
                        0 | 1 => LogSource::Stdout,
                        2 => LogSource::Stderr,
                        other => return Err(Fault::Garbled(format!("a log frame of stream {other}"))),
                    };
                    self.left = u32::from_be_bytes([a, b, c, d]);
                    self.header.clear();
                } else if self.header.len() >= 8 {
                    return Err(Fault::Garbled("a log that is not in frames".to_owned()));
                }
                continue;
            }
            let (payload, rest) = bytes.split_at(bytes.len().min(self.left as usize));
            self.left -= payload.len() as u32;
            bytes = rest;
            on_bytes(self.source, payload);
        }
        Ok(())
    }
}

/// Frames, taken apart into lines.
struct Demux {
    frames: Frames,
    out: Lines,
    err: Lines,
}

impl Demux {
    fn new(tty: bool) -> Demux {
        Demux { frames: Frames::new(tty), out: Lines::default(), err: Lines::default() }
    }

    fn push(&mut self, bytes: &[u8], on_line: &mut (dyn FnMut(LogLine) + Send)) -> Result<(), Fault> {
        let Demux { frames, out, err } = self;
        frames.push(bytes, &mut |source, payload| {
            let lines = if source == LogSource::Stderr { &mut *err } else { &mut *out };
            lines.push(payload, |text| on_line(LogLine { source, text }));
        })
    }

    fn finish(&mut self, on_line: &mut (dyn FnMut(LogLine) + Send)) {
        for (source, lines) in [(LogSource::Stdout, &mut self.out), (LogSource::Stderr, &mut self.err)] {
            if let Some(text) = lines.finish() {
                on_line(LogLine { source, text });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Act, Fake};
    use super::*;

    fn frame(stream: u8, text: &[u8]) -> Vec<u8> {
        let mut frame = vec![stream, 0, 0, 0];
        frame.extend((text.len() as u32).to_be_bytes());
        frame.extend(text);
        frame
    }

    fn demux(bytes: &[u8], size: usize) -> Result<Vec<(LogSource, String)>, Fault> {
        let (mut demux, mut lines) = (Demux::new(false), Vec::new());
        let mut on_line = |line: LogLine| lines.push((line.source, line.text));
        for piece in bytes.chunks(size) {
            demux.push(piece, &mut on_line)?;
        }
        demux.finish(&mut on_line);
        Ok(lines)
    }

    #[test]
    fn two_streams_cut_anywhere() {
        let bytes: Vec<u8> =
            [frame(1, b"a\xc3"), frame(2, b"e1\n"), frame(1, b"\xa4\nb"), frame(2, b"")].concat();
        let want = [
            (LogSource::Stderr, "e1".to_owned()),
            (LogSource::Stdout, "aä".to_owned()),
            (LogSource::Stdout, "b".to_owned()),
        ];
        for size in 1..30 {
            assert_eq!(demux(&bytes, size).unwrap(), want, "{size}");
        }
    }

    #[test]
    fn output_is_kept_as_it_came_up_to_a_limit() {
        let bytes = [frame(1, b"a\r\n\n"), frame(2, b"\xff"), frame(1, b"more")].concat();
        let mut output = Output::default();
        Frames::new(false).push(&bytes, &mut |source, bytes| output.keep(source, bytes, 7)).unwrap();
        let kept = Output { stdout: b"a\r\n\nmo".to_vec(), stderr: b"\xff".to_vec(), cut: true };
        assert_eq!(output, kept);
    }

    #[tokio::test]
    async fn what_the_engine_left_out_of_a_followed_log_is_read_from_the_ended_one() {
        const FOLLOWED: &str = "GET /v1.51/containers/c/logs?stdout=1&stderr=1&follow=1";
        const ENDED: &str = "GET /v1.51/containers/c/logs?stdout=1&stderr=1&follow=0";
        let inspected = || ("GET /v1.51/containers/c/json", Act::Answer(200, r#"{"Id":"c"}"#.to_owned()));
        let log = |texts: &[&[u8]]| Act::Stream(texts.iter().map(|text| frame(1, text)).collect());
        // The engine has lost the beginning of the second.
        for (first, second, want) in
            [(vec!["a\n"], vec!["a\n", "b\n"], "a\nb\n"), (vec!["a\n", "b\n"], vec!["b\n"], "a\nb\n")]
        {
            let bytes = |texts: Vec<&'static str>| texts.into_iter().map(str::as_bytes).collect::<Vec<_>>();
            let script =
                vec![inspected(), (FOLLOWED, log(&bytes(first))), inspected(), (ENDED, log(&bytes(second)))];
            Fake::engine(script)
                .serves(async |engine| {
                    let followed = engine.container_output("c", 100).await.unwrap();
                    let whole = engine.whole_output("c", followed, 100).await.unwrap();
                    assert_eq!(whole.stdout, want.as_bytes());
                })
                .await;
        }
        // What was too much already is not read again.
        Fake::engine(vec![inspected(), (FOLLOWED, log(&[b"abc"]))])
            .serves(async |engine| {
                let followed = engine.container_output("c", 2).await.unwrap();
                assert!(engine.whole_output("c", followed, 2).await.unwrap().cut);
            })
            .await;
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        assert!(demux(&frame(3, b"x"), 99).is_err());
        assert!(demux(b"plain text of a terminal", 99).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), size in 1usize..20) {
            let _ = demux(&bytes, size);
        }
    }
}
