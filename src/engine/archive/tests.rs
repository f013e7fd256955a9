use super::super::tar_header::EntryKind;
use super::super::testing::{Act, Fake};
use super::*;

const PASSWD: &str = "GET /v1.51/containers/c/archive?path=%2Fetc%2Fpasswd";

fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o640);
        header.set_uid(7);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn head(stat: &str) -> Act {
    let value = STANDARD.encode(stat);
    Act::Raw(format!("HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: {value}\r\n\r\n").into_bytes())
}

#[tokio::test]
async fn a_stat_comes_in_a_header() {
    let line = "HEAD /v1.51/containers/c/archive?path=%2Fl";
    let stat = r#"{"name":"l","size":7,"mode":134218239,"mtime":"2026-01-01T00:00:00Z","linkTarget":"/x"}"#;
    let script = vec![(line, head(stat)), (line, head("no json"))];
    Fake::engine(script)
        .serves(async |engine| {
            let stat = engine.stat_path("c", "/l").await.unwrap().unwrap();
            assert_eq!((stat.name.as_str(), stat.size, stat.mode), ("l", 7, 0x0800_01ff));
            assert_eq!(stat.link_target, "/x");
            assert!(engine.stat_path("c", "/l").await.is_err());
        })
        .await;
}

#[tokio::test]
async fn a_missing_path_is_told_from_a_missing_container() {
    let said = |status, message: &str| Act::Answer(status, format!(r#"{{"message":"{message}"}}"#));
    let (head, get) =
        ("HEAD /v1.51/containers/c/archive?path=%2Fl", "GET /v1.51/containers/c/archive?path=%2Fl");
    let silent = |status: u16| Act::Raw(format!("HTTP/1.1 {status} X\r\n\r\n").into_bytes());
    let script = vec![
        (head, silent(404)),
        (get, said(404, "Could not find the file /l in container c")),
        (head, silent(500)),
        (get, said(500, "lstat /l: not a directory")),
        (head, silent(404)),
        (get, said(404, "No such container: c")),
        (head, silent(500)),
        (get, Act::Silent(Vec::new())),
        (PASSWD, said(404, "Could not find the file /etc/passwd in container c")),
        (PASSWD, said(404, "No such container: c")),
    ];
    Fake::engine(script)
        .serves(async |engine| {
            for _ in 0..2 {
                assert_eq!(engine.stat_path("c", "/l").await.unwrap(), None);
            }
            for _ in 0..2 {
                assert!(engine.stat_path("c", "/l").await.is_err());
            }
            assert_eq!(engine.read_file("c", "/etc/passwd", 9).await.unwrap(), None);
            assert!(engine.read_file("c", "/etc/passwd", 9).await.is_err());
        })
        .await;
}

#[tokio::test]
async fn only_the_beginning_of_a_file_is_kept() {
    let text = b"root:x:0:0".as_slice();
    // Silent: whoever waited for the archive's end would wait for ever.
    let file = || Act::Silent(vec![tar(&[("passwd", text)])]);
    let script = vec![(PASSWD, file()), (PASSWD, file()), (PASSWD, file()), (PASSWD, file())];
    Fake::engine(script)
        .serves(async |engine| {
            let whole = engine.read_file("c", "/etc/passwd", 10).await.unwrap().unwrap();
            assert_eq!((whole.bytes.as_slice(), whole.cut), (text, false));
            let header = &whole.header;
            assert_eq!((header.path.as_str(), header.mode, header.uid), ("/etc/passwd", 0o640, 7));
            assert_eq!((header.kind, header.size), (EntryKind::File, 10));
            for (max, kept) in [(4, b"root".as_slice()), (0, b"")] {
                let part = engine.read_file("c", "/etc/passwd", max).await.unwrap().unwrap();
                assert_eq!((part.bytes.as_slice(), part.cut), (kept, true));
            }
            let mut seen = Vec::new();
            engine.stream_file("c", "/etc/passwd", &mut |piece| seen.extend_from_slice(piece)).await.unwrap();
            assert_eq!(seen, text);
        })
        .await;
}

#[tokio::test]
async fn a_folder_is_walked_and_a_broken_archive_is_an_error() {
    let line = "GET /v1.51/containers/c/archive?path=%2Fusr%2Fdoc";
    let all = tar(&[("doc/a/copyright", b"MIT"), ("doc/b/copyright", &[b'x'; 2000]), ("doc/c", b"no")]);
    let pieces: Vec<Vec<u8>> = all.chunks(700).map(<[u8]>::to_vec).collect();
    let script = vec![
        (line, Act::Stream(pieces.clone())),
        (line, Act::Stream(pieces.clone())),
        (line, Act::Stream(pieces[..2].to_vec())),
        (line, Act::Broken(pieces[..2].to_vec())),
        (line, Act::Stream(vec![vec![b'x'; 600]])),
        (line, Act::Stream(Vec::new())),
    ];
    Fake::engine(script)
        .serves(async |engine| {
            let mut paths = Vec::new();
            assert!(engine.walk("c", "/usr/doc", &mut |header| paths.push(header.path)).await.unwrap());
            assert_eq!(paths, ["/usr/doc/a/copyright", "/usr/doc/b/copyright", "/usr/doc/c"]);
            let mut files = Vec::new();
            let mut keep = |header: FileHeader, bytes| files.push((header.path, bytes));
            let mut wanted = |header: &FileHeader| header.path.ends_with("/copyright");
            engine.walk_files("c", "/usr/doc", 1000, &mut wanted, &mut keep).await.unwrap();
            assert_eq!(files, [("/usr/doc/a/copyright".to_owned(), b"MIT".to_vec())]);
            for _ in 0..3 {
                assert!(engine.walk("c", "/usr/doc", &mut drop).await.is_err());
            }
            assert!(engine.read_file("c", "/usr/doc", 9).await.is_err());
        })
        .await;
}

#[tokio::test]
async fn an_archive_is_put() {
    let line = "PUT /v1.51/containers/c/archive?path=%2Fetc&noOverwriteDirNonDir=1";
    let script = vec![(line, Act::Answer(200, String::new())), (line, Act::Answer(400, String::new()))];
    Fake::engine(script)
        .serves(async |engine| {
            engine.put_archive("c", "/etc", tar(&[("a", b"1")])).await.unwrap();
            assert!(engine.put_archive("c", "/etc", Vec::new()).await.is_err());
        })
        .await;
}
