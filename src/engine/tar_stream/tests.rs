use proptest::prelude::*;

use super::super::tar_files::TarFiles;
use super::super::tar_header::EntryKind;
use super::*;

/// A header with its checksum; `change` comes before it is summed.
fn header(name: &str, size: usize, kind: u8, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut header = vec![0; BLOCK];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0100644\0");
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[156] = kind;
    change(&mut header);
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut entry = header(name, content.len(), kind, |_| {});
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(BLOCK), 0);
    entry
}

fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let length = (rest..).find(|length| rest + length.to_string().len() == *length).unwrap();
    format!("{length} {key}={value}\n")
}

/// Every header with the length of the content that passed by.
fn read(tar: &[u8], piece: usize) -> Result<Vec<(FileHeader, usize)>, String> {
    let (mut stream, mut all) = (TarStream::default(), Vec::new());
    for piece in tar.chunks(piece) {
        let flow = stream.push(piece, &mut |part| {
            match part {
                Part::Entry(header) => all.push((header, 0)),
                Part::Bytes(bytes) => all.last_mut().unwrap().1 += bytes.len(),
                Part::End => assert_eq!(all.last().unwrap().0.size, all.last().unwrap().1 as u64),
            }
            ControlFlow::Continue(())
        })?;
        assert!(flow.is_continue());
    }
    Ok(all)
}

#[test]
fn small_files_come_out_and_large_ones_are_passed_over() {
    let parts = [
        entry("dir/", b'5', b""),
        entry("a", b'0', b"aaa"),
        entry("layer", b'0', &[b'x'; 5000]),
        entry("b", b'0', &[b'b'; 512]),
        entry("link", b'2', b""),
        entry("unwanted", b'0', b"u"),
        entry("empty", b'0', b""),
        entry("c", 0, &[b'c'; 1000]),
        vec![0; 2 * BLOCK],
    ];
    let tar = parts.concat();
    for piece in [1, 7, 512, 100_000] {
        let (mut files, mut got) = (TarFiles::new(1000), Vec::new());
        for piece in tar.chunks(piece) {
            files
                .push(piece, &mut |header| header.path != "unwanted", &mut |header, bytes| {
                    got.push((header.path, bytes.len()));
                })
                .unwrap();
        }
        assert!(files.is_whole());
        let expected = [("a", 3), ("b", 512), ("empty", 0), ("c", 1000)];
        assert_eq!(got, expected.map(|(name, size)| (name.to_owned(), size)));
    }
}

#[test]
fn what_does_not_fit_into_a_header_stands_before_it() {
    let (long, pax) = ("l/".repeat(120), "p/".repeat(150));
    let records = [
        record("path", &pax),
        record("linkpath", "täter"),
        record("SCHILY.xattr.a", "\0"),
        record("uid", "70000"),
    ];
    let tar = [
        entry("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        entry("././@LongLink", b'K', b"/target\0"),
        entry("cut", b'2', b""),
        entry("PaxHeaders", b'x', records.concat().as_bytes()),
        entry("cut", b'1', b""),
        entry("global", b'g', record("path", "no").as_bytes()),
        entry("PaxHeaders", b'x', record("size", "600").as_bytes()),
        // Its own header says that nothing follows.
        [header("sized", 0, b'0', |_| {}), vec![b'x'; 1024]].concat(),
        header("plain", 0, b'0', |header| {
            header[257..263].copy_from_slice(b"ustar\0");
            header[345..348].copy_from_slice(b"pre");
            header[108..116].copy_from_slice(&[0x80, 0, 0, 0, 0, 1, 0, 0]);
            header[100..108].copy_from_slice(b"0104755\0");
        }),
    ]
    .concat();
    for piece in [1, 511, 100_000] {
        let all = read(&tar, piece).unwrap();
        let seen: Vec<_> =
            all.iter().map(|(h, n)| (h.path.as_str(), h.kind, h.link_target.as_str(), *n)).collect();
        assert_eq!(
            seen,
            [
                (long.as_str(), EntryKind::Symlink, "/target", 0),
                (pax.as_str(), EntryKind::HardLink, "täter", 0),
                ("sized", EntryKind::File, "", 600),
                ("pre/plain", EntryKind::File, "", 0),
            ]
        );
        assert_eq!((all[1].0.uid, all[2].0.uid, all[3].0.uid), (70000, 0, 65536));
        assert_eq!((all[0].0.mode, all[3].0.mode), (0o644, 0o4755));
    }
}

#[test]
fn reading_stops_where_it_is_told_to() {
    let tar = [entry("a", b'0', b"aaa"), vec![b'x'; BLOCK]].concat();
    let mut stream = TarStream::default();
    let flow = stream.push(&tar, &mut |part| match part {
        Part::End => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(flow, Ok(ControlFlow::Break(())));
}

#[test]
fn an_archive_that_breaks_off_is_not_whole() {
    let tar = [entry("l", b'L', b"name"), entry("a", b'0', b"aaa")].concat();
    for cut in 0..tar.len() {
        let mut stream = TarStream::default();
        let _ = stream.push(&tar[..cut], &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(stream.is_whole(), cut == 0, "{cut}");
    }
}

#[test]
fn what_is_no_tar_is_an_error() {
    let hostile = [
        vec![b'x'; 600],
        // Sizes: negative, beyond 64 bits, no number.
        header("a", 0, b'0', |header| header[124..136].fill(0xff)),
        header("a", 0, b'0', |header| {
            header[124..136].copy_from_slice(&[0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        }),
        header("a", 0, b'0', |header| header[124] = b'9'),
        header("a", 0, b'0', |header| header[108] = b'9'),
        header("a", 0, b'0', |header| header[100] = b'9'),
        header("a", 2 << 20, b'x', |_| {}),
        header("a", 2 << 20, b'L', |_| {}),
        entry("a", b'x', b"999 path=a\n"),
        entry("a", b'x', b"0 path=a\n"),
        entry("a", b'x', b"99999999999999999999999 path=a\n"),
        entry("a", b'x', b"-5 path=a\n"),
        entry("a", b'x', b"11 path=ab"),
        entry("a", b'x', b"9 patha\n"),
        entry("a", b'x', record("size", "-1").as_bytes()),
        entry("a", b'x', record("uid", "4294967296").as_bytes()),
        entry("a", b'x', record("path", "a\0b").as_bytes()),
    ];
    for (number, tar) in hostile.iter().enumerate() {
        assert!(read(tar, 600).is_err(), "{number}");
    }
    let mut changed = entry("a", b'0', b"");
    changed[0] = b'b';
    assert!(read(&changed, 600).unwrap_err().contains("checksum"));
}

#[test]
fn a_file_of_sixteen_exabytes_is_waited_for_without_memory() {
    let huge = header("a", 0, b'0', |header| {
        header[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    });
    let tar = [huge, vec![b'x'; 4096]].concat();
    let mut seen = 0;
    let mut stream = TarStream::default();
    let flow = stream.push(&tar, &mut |part| {
        seen += if let Part::Bytes(bytes) = part { bytes.len() } else { 0 };
        ControlFlow::Continue(())
    });
    assert_eq!((flow, seen, stream.is_whole()), (Ok(ControlFlow::Continue(())), 4096, false));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1200), size in 1usize..600) {
        let _ = read(&bytes, size);
    }

    #[test]
    fn no_records_panic(text in "[0-9]{0,3} ?(path|size|uid)?=?[0-9a-z]{0,9}\n?", size in 1usize..600) {
        let _ = read(&[entry("a", b'x', text.as_bytes()), entry("b", b'0', b"b")].concat(), size);
    }

    #[test]
    fn fields_of_any_bytes_never_panic(field in proptest::collection::vec(any::<u8>(), 56), kind: u8) {
        let tar = header("a", 0, kind, |header| header[100..156].copy_from_slice(&field));
        let _ = read(&tar, 600);
    }
}
