//! One check of a test.

use super::{
    AddressCheck, FileCheck, GroupCheck, HostCommand, HttpCheck, ImageCheck, LicenseCheck, PackageCheck,
    PortCheck, ProcessCheck, RunCheck, UserCheck,
};

/// One thing that is looked at, and what it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What reports call it, where its author named it.
    pub name: Option<String>,
    /// What is looked at.
    pub what: What,
    /// Whether its author leaves it out for now. It is named among the results all the same.
    pub skip: bool,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant is explained by its type")]
#[expect(clippy::large_enum_variant, reason = "a test has a handful of them")]
pub enum What {
    Http(HttpCheck),
    Run(RunCheck),
    File(FileCheck),
    Port(PortCheck),
    Process(ProcessCheck),
    Image(Box<ImageCheck>),
    Exec(HostCommand),
    User(UserCheck),
    Group(GroupCheck),
    Package(PackageCheck),
    Address(AddressCheck),
    Licenses(LicenseCheck),
}

impl Check {
    /// A check without a name of its own.
    pub fn new(what: What) -> Check {
        Check { name: None, what, skip: false }
    }

    /// The word for its kind, as in reports: `http`, `run`, `file` …
    pub const fn kind(&self) -> &'static str {
        match &self.what {
            What::Http(_) => "http",
            What::Run(_) => "run",
            What::File(_) => "file",
            What::Port(_) => "port",
            What::Process(_) => "process",
            What::Image(_) => "image",
            What::Exec(_) => "exec",
            What::User(_) => "user",
            What::Group(_) => "group",
            What::Package(_) => "package",
            What::Address(_) => "address",
            What::Licenses(_) => "licenses",
        }
    }

    /// Whether it can only be made on a container that runs.
    pub fn needs_running(&self) -> bool {
        match &self.what {
            _ if self.skip => false,
            What::Http(_) | What::Port(_) | What::Process(_) | What::Exec(_) | What::Address(_) => true,
            What::Run(run) => run.place == super::Where::Running,
            What::File(_) | What::Image(_) | What::User(_) | What::Group(_) | What::Package(_) => false,
            What::Licenses(_) => false,
        }
    }
}

impl Check {
    /// What it looks at, in a few words: `GET :8080/healthz`, `api --version`, `/app`.
    pub fn title(&self) -> String {
        match &self.what {
            What::Http(http) => format!("{} :{}{}", http.method, http.port, http.path),
            What::Run(run) => run.argv.join(" "),
            What::File(file) => file.path.clone(),
            What::Port(port) => format!("port {}", port.port),
            What::Process(process) => format!("process {}", process.name),
            What::Image(_) => "configuration of the image".to_owned(),
            What::Exec(command) => command.argv.join(" "),
            What::User(user) => format!("user {}", user.name),
            What::Group(group) => format!("group {}", group.name),
            What::Package(package) => format!("package {}", package.name),
            What::Address(address) => {
                format!("{}://{}:{}", address.protocol, address.host, address.port)
            }
            What::Licenses(_) => "licences".to_owned(),
        }
    }
}
