use super::*;
use crate::expect::{Check, ContainerOptions, Executor, Matcher, ModeWanted, Mount, TestSpec, What};
use crate::yaml::Problem;

fn parse(text: &str) -> Result<TestSpec, Problem> {
    let env = |name: &str| match name {
        "TOKEN" => Some("s=1".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let file = |path: &str| match path {
        "test.env" => Ok(b"# of a test\nA=one two\nexport B=\"${A} x\"\nTOKEN=other\nNONE=\n".to_vec()),
        _ => Err("there is no such file".to_owned()),
    };
    structure_test("structure.yaml", text.as_bytes(), &Outside { env: &env, file: &file, hide: &|_, _| () })
}

fn read(body: &str) -> TestSpec {
    let text = format!("schemaVersion: 2.0.0\n{body}");
    parse(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn refused(body: &str) -> String {
    parse(&format!("schemaVersion: 2.0.0\n{body}")).expect_err(body).to_string()
}

fn only(body: &str) -> Check {
    let mut test = read(body);
    assert_eq!(test.checks.len(), 1, "{body}");
    test.checks.remove(0)
}

#[test]
fn commands_run_in_containers_of_their_own() {
    let check = only(
        "commandTests:\n- name: greets\n  setup: [[touch, /x], [sh, -c, true]]\n  teardown: [[rm, /x]]\n  command: echo\n\
         \x20 args: [$NAME, 1.10, yes, ~]\n  envVars: [{key: A, value: $B}]\n  expectedOutput: [hello, '^{']\n\
         \x20 excludedOutput: [bye]\n  expectedError: ['']\n  excludedError: [no]\n  exitCode: 3\n",
    );
    assert_eq!(check.name.as_deref(), Some("greets"));
    let What::Run(run) = check.what else { panic!("no command") };
    assert_eq!(run.argv, ["echo", "$NAME", "1.10", "yes", ""]);
    assert_eq!(run.setup, [vec!["touch", "/x"], vec!["sh", "-c", "true"]]);
    assert_eq!(run.teardown, [["rm", "/x"]]);
    assert_eq!(run.env, [("A".to_owned(), "$B".to_owned())]);
    assert!(run.expand && run.place == crate::expect::Where::Fresh);
    assert_eq!(run.exit, Matcher::Equals(3.into()));
    let shown = |matchers: &[Matcher]| matchers.iter().map(Matcher::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&run.stdout), ["a match of /hello/", "a match of /^{/", "no match of /bye/"]);
    assert_eq!(shown(&run.stderr), ["a match of //", "no match of /no/"]);
}

#[test]
fn files_are_looked_at_without_following_links() {
    let check = only(
        "fileExistenceTests: [{name: a, path: $PLACE/a, permissions: dtrwxrwxrwx, uid: -1, gid: 0, isExecutableBy: any}]",
    );
    let What::File(file) = check.what else { panic!("no file") };
    assert_eq!((file.path.as_str(), file.expand, file.follow, file.live), ("/$PLACE/a", true, false, false));
    assert_eq!(file.mode, Some(ModeWanted::Go("dtrwxrwxrwx".to_owned())));
    assert_eq!((file.exists, file.uid, file.gid), (Some(true), None, Some(Matcher::Equals(0.into()))));
    assert_eq!(file.executable_by, Some(Executor::Any));

    let absent = only("fileExistenceTests: [{name: a, path: /a, shouldExist: no, permissions: x, uid: 5}]");
    let What::File(file) = absent.what else { panic!("no file") };
    assert_eq!((file.exists, file.mode, file.uid), (Some(false), None, None));

    let content =
        only("fileContentTests: [{name: a, path: a, expectedContents: ['x\\d'], excludedContents: [y]}]");
    let What::File(file) = content.what else { panic!("no file") };
    assert_eq!((file.path.as_str(), file.expand, file.follow), ("/a", false, true));
    assert_eq!((file.exists, file.content.len()), (Some(true), 2));
}

#[test]
fn the_configuration_of_the_image_is_one_check() {
    let check = only(
        "metadataTest:\n  envVars: [{key: A, value: 1.10}, {key: B, value: '^x', isRegex: true}, {key: C}]\n\
         \x20 unboundEnvVars: [{key: D}]\n  labels: [{key: l, value: v}]\n  entrypoint: []\n  exposedPorts: [80, '81']\n\
         \x20 unexposedPorts: ['82']\n  volumes: [/v]\n  unmountedVolumes: [/w]\n  workdir: /app\n  user: ''\n",
    );
    let What::Image(image) = check.what else { panic!("no image") };
    assert_eq!(image.env.len(), 3);
    assert_eq!(image.env[0], ("A".to_owned(), Matcher::Equals("1.10".into())));
    assert_eq!(image.env[2], ("C".to_owned(), Matcher::Equals("".into())));
    assert_eq!((image.unset_env, image.labels.len()), (vec!["D".to_owned()], 1));
    assert_eq!((image.entrypoint, image.cmd), (Some(Vec::new()), None));
    assert_eq!(
        (image.exposed, image.unexposed),
        (vec!["80".to_owned(), "81".to_owned()], vec!["82".to_owned()])
    );
    assert_eq!((image.volumes, image.no_volumes), (vec!["/v".to_owned()], vec!["/w".to_owned()]));
    assert_eq!((image.workdir, image.user), (Some(Matcher::Equals("/app".into())), None));
}

#[test]
fn options_and_variables_go_to_the_containers() {
    let test = read(
        "globalEnvVars: [{key: G, value: $NAME}]\ncontainerRunOptions:\n  user: root\n  privileged: true\n  allocateTty: true\n\
         \x20 envFile: test.env\n  envVars: [TOKEN, EMPTY]\n  capabilities: [NET_ADMIN]\n  bindMounts: ['/a:/b:ro']\n\
         commandTests: [{name: a, command: env, envVars: [{key: A, value: own}]}]\nlicenseTests: [{debian: true, files: [/x]}]\n",
    );
    let wanted = ContainerOptions {
        env: [("G".to_owned(), "$NAME".to_owned())].into(),
        expand: true,
        user: Some("root".to_owned()),
        privileged: true,
        tty: true,
        capabilities: vec!["NET_ADMIN".to_owned()],
        mounts: vec![Mount::Bind("/a:/b:ro".to_owned())],
        ..ContainerOptions::default()
    };
    assert_eq!(test.container, wanted);
    let What::Run(run) = &test.checks[0].what else { panic!("no command") };
    let env: Vec<(&str, &str)> =
        run.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let wanted = [
        ("A", "own"),
        ("A", "one two"),
        ("B", "one two x"),
        ("TOKEN", "other"),
        ("TOKEN", "s=1"),
        ("EMPTY", ""),
    ];
    assert_eq!(env, wanted);
    assert!(matches!(&test.checks[1].what, What::Licenses(check) if check.debian && check.files == ["/x"]));
}

#[test]
fn json_is_read_as_well() {
    let text = "{\n\t\"schemaVersion\": \"2.0.0\",\n\t\"fileExistenceTests\": [{\"name\": \"\\ud83d\\ude00\", \"path\": \"/a\", \"uid\": 0}]\n}";
    let test = parse(text).expect("JSON");
    assert_eq!(test.checks[0].name.as_deref(), Some("😀"));
}

#[test]
fn checks_come_in_the_order_of_the_tool() {
    let test = read(
        "metadataTest: {user: a}\nlicenseTests: [{}]\nfileExistenceTests: [{name: e, path: /}]\nfileContentTests: [{name: c, path: /c}]\n\
         commandTests: [{name: r, command: c, setup: [[a], [b]]}]\n",
    );
    let kinds: Vec<&str> = test.checks.iter().map(Check::kind).collect();
    assert_eq!(kinds, ["run", "file", "file", "licenses", "image"]);
    assert_eq!(test.within, std::time::Duration::from_secs(4 * 300));
    assert!(test.start.is_none());
}

#[test]
fn what_cannot_be_kept_is_told_with_its_place() {
    for (text, wanted) in [
        ("", "1:1: the file is empty: it needs `schemaVersion: 2.0.0` and tests"),
        ("commandTests: []\n", "1:1: `schemaVersion` is missing: write `schemaVersion: 2.0.0`"),
        ("schemaVersion: 3.0.0\n", "1:16: schema 3.0.0 is not known: 2.0.0 is"),
        ("- a\n", "1:1: `the file` must be a map, found a list"),
        ("schemaVersion: 2.0.0\n", "1:1: the file has no test"),
        ("schemaVersion: 2.0.0\nmetadataTest: {}\n", "1:1: the file has no test"),
    ] {
        assert_eq!(parse(text).expect_err(text).to_string(), wanted);
    }
    assert!(parse("schemaVersion: 1.0.0\n").expect_err("1.0.0").message.contains("write 2.0.0"));
    for (body, wanted) in [
        ("commandTest: []", "2:1: unknown key `commandTest` in the file; did you mean `commandTests`?"),
        ("commandTests: [{command: a}]", "2:16: every test needs a `name`"),
        ("commandTests: [{name: a}]", "2:16: a command test needs a `command`"),
        ("commandTests: [{name: a, command: [a]}]", "2:35: `command` must be text, found a list"),
        ("commandTests: [{name: a, command: a, args: b}]", "2:44: `args` must be a list, found text"),
        (
            "commandTests: [{name: a, command: a, exitCode: '0'}]",
            "2:48: `exitCode` must be a whole number, found text",
        ),
        ("commandTests: [{name: a, command: a, setup: [[]]}]", "2:46: a command in `setup` is empty"),
        ("commandTests: [{name: a, command: a, expectedOutput: ['(']}]", ""),
        (
            "commandTests: [{name: a, command: a, envVars: [{key: A}]}]",
            "2:16: the variable `A` in `envVars` needs a value",
        ),
        (
            "commandTests: [{name: a, command: a, exitcode: 1}]",
            "2:38: unknown key `exitcode` in a command test; did you mean `exitCode`?",
        ),
        ("fileExistenceTests: [{name: a, path: ''}]", "2:22: a file test needs a `path`"),
        (
            "fileExistenceTests: [{name: a, path: /a, shouldExist: ~}]",
            "2:55: `shouldExist` must be true or false, found nothing",
        ),
        (
            "fileExistenceTests: [{name: a, path: /a, isExecutableBy: Owner}]",
            "2:58: `isExecutableBy` cannot be `Owner`; did you mean `owner`?",
        ),
        (
            "metadataTest: {env: [{key: A, value: b}]}",
            "2:16: unknown key `env` in the metadata test; did you mean `envVars`?",
        ),
        (
            "metadataTest: {exposedPorts: [80/tcp]}",
            "2:31: `exposedPorts` takes numbers of ports alone, without a protocol",
        ),
        ("metadataTest: {labels: [{value: b}]}", "2:25: an entry of `labels` needs a `key`"),
        ("metadataTest: {volumes: ['']}", "2:26: an entry of `volumes` is empty"),
        (
            "licenseTests: [{name: a}]",
            "2:17: unknown key `name` in a license test; known here: debian, files",
        ),
        (
            "containerRunOptions: {envVars: [NOPE]}",
            "2:33: `envVars` of `containerRunOptions`: NOPE is not set in the environment",
        ),
        ("containerRunOptions: {envFile: x}", "2:32: `envFile` x: there is no such file"),
        (
            "containerRunOptions: {bindMounts: [a:/b]}",
            "2:36: an entry of `bindMounts` is written /host/path:/path[:ro]",
        ),
        (
            "globalEnvVars: [{value: x}]",
            "2:17: an entry of `globalEnvVars` needs a `key` that is a variable's name",
        ),
    ] {
        let got = refused(body);
        if wanted.is_empty() {
            assert!(got.starts_with("2:55: `expectedOutput`: not a regular expression: "), "{got}");
        } else {
            assert_eq!(got, wanted, "{body}");
        }
    }
}

#[test]
fn files_of_variables_are_read_as_the_tool_reads_them() {
    let text = "# comment\n\nFROMFILE=one two\nexport EXP=1\nQUOTED=\"q u\"\nSINGLE='a $NAME'\nREF=$FROMFILE\nREF2=${FROMFILE}x\n\
                NAME=file\nYAML: z\nC=1 # c\nH=a#b\nEMPTY=\n SP = x \nMULTI=\"a\\nb\nc\" # d\nNOT=\"\\$NAME\"$\nSELF=$NOPE.\r\nNAME=again";
    let text = text.replace("\"\\$NAME\"$\n", "\"\\$NAME\"\n");
    let pairs = env_file::read(text.as_bytes()).expect("variables");
    let shown: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        shown,
        [
            "FROMFILE=one two",
            "EXP=1",
            "QUOTED=q u",
            "SINGLE=a $NAME",
            "REF=one two",
            "REF2=one twox",
            "NAME=again",
            "YAML=z",
            "C=1",
            "H=a#b",
            "SP=x",
            "MULTI=a\nb\nc",
            "NOT=$NAME",
            "SELF=."
        ]
    );
    assert_eq!(env_file::read(b"A=1\nNOVALUE\nB=2"), Err("line 2 is not written NAME=value".to_owned()));
    assert_eq!(env_file::read(b"A='x"), Err("line 1 has a quote that is not closed".to_owned()));
    let doubling: String = (0..64).map(|i| format!("V{}=$V{i}$V{i}\n", i + 1)).collect();
    let laughs = format!("V0=xxxxxxxx\n{doubling}");
    assert!(env_file::read(laughs.as_bytes()).expect_err("too long").contains("1 MiB"));
}
