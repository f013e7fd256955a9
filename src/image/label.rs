//! Keys of labels. `oci` is the set of the OCI image specification (annotations.md), the rest is ours.

/// `org.opencontainers.image.*`.
pub mod oci {
    /// RFC 3339 time of the source.
    pub const CREATED: &str = "org.opencontainers.image.created";
    /// URL of the source repository.
    pub const SOURCE: &str = "org.opencontainers.image.source";
    /// URL where people read about the image.
    pub const URL: &str = "org.opencontainers.image.url";
    /// Version of the packaged software.
    pub const VERSION: &str = "org.opencontainers.image.version";
    /// The commit, as it exists on the remote.
    pub const REVISION: &str = "org.opencontainers.image.revision";
    /// Name for people.
    pub const TITLE: &str = "org.opencontainers.image.title";
    /// Text for people.
    pub const DESCRIPTION: &str = "org.opencontainers.image.description";
    /// SPDX expression.
    pub const LICENSES: &str = "org.opencontainers.image.licenses";
    /// Who to ask.
    pub const AUTHORS: &str = "org.opencontainers.image.authors";
    /// URL of the documentation.
    pub const DOCUMENTATION: &str = "org.opencontainers.image.documentation";
    /// The distributing organisation.
    pub const VENDOR: &str = "org.opencontainers.image.vendor";
    /// Name of a reference; on index descriptors only, so it is blanked on images.
    pub const REF_NAME: &str = "org.opencontainers.image.ref.name";
    /// Full name of the base image of the final stage.
    pub const BASE_NAME: &str = "org.opencontainers.image.base.name";
    /// Digest of the manifest that the base's name resolved to.
    pub const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

    /// The whole set. What a run does not set, it blanks where the base image would leak its own.
    pub const ALL: [&str; 14] = [
        CREATED,
        SOURCE,
        URL,
        VERSION,
        REVISION,
        TITLE,
        DESCRIPTION,
        LICENSES,
        AUTHORS,
        DOCUMENTATION,
        VENDOR,
        REF_NAME,
        BASE_NAME,
        BASE_DIGEST,
    ];
}

/// What every key of ours begins with. Only imgbuild sets them: they are what others will trust.
pub const PREFIX: &str = "dev.imgbuild.";
/// URL of the CI run that built the image.
pub const BUILD_URL: &str = "dev.imgbuild.build.url";
/// RFC 3339 wall clock of the build.
pub const BUILD_TIME: &str = "dev.imgbuild.build.time";
/// URL where the results of the image's tests are; known before they run.
pub const TESTS_URL: &str = "dev.imgbuild.tests.url";
/// The branch.
pub const GIT_BRANCH: &str = "dev.imgbuild.git.branch";
/// Number of the pull request.
pub const GIT_PR: &str = "dev.imgbuild.git.pr";
/// `true` where the image holds what its revision holds.
pub const GIT_CLEAN: &str = "dev.imgbuild.git.clean";
/// Tree id of the commit that was checked out.
pub const GIT_TREE: &str = "dev.imgbuild.git.tree";
/// The ephemeral merge commit of a pull request that was built in place of its head.
pub const GIT_MERGE_COMMIT: &str = "dev.imgbuild.git.merge-commit";
/// `true` on development images. It survives `docker tag`, unlike a name.
pub const DEV: &str = "dev.imgbuild.dev";
/// Digest of the context's content.
pub const CONTEXT_DIGEST: &str = "dev.imgbuild.context.digest";
/// Digest of the Dockerfile.
pub const DOCKERFILE_DIGEST: &str = "dev.imgbuild.dockerfile.digest";
/// Digest of what the build was asked for beside its context: variant, stage, platform, arguments and labels of the
/// configuration.
pub const BUILD_DIGEST: &str = "dev.imgbuild.build.digest";
/// RFC 3339 time of the commit, whatever `created` says.
pub const GIT_TIME: &str = "dev.imgbuild.git.time";
/// Version of imgbuild.
pub const TOOL_VERSION: &str = "dev.imgbuild.tool.version";

/// Labels on containers, networks and volumes that say which process owns them. Never on an image: containers
/// inherit an image's labels, and a production container must not look like a leftover.
pub mod owner {
    /// Prefix of all of them.
    pub const PREFIX: &str = "dev.imgbuild.owner.";
    /// Id of the run.
    pub const RUN: &str = "dev.imgbuild.owner.run";
    /// Id of the host.
    pub const HOST: &str = "dev.imgbuild.owner.host";
    /// Id of the host's boot.
    pub const BOOT: &str = "dev.imgbuild.owner.boot";
    /// Process id of the run.
    pub const PID: &str = "dev.imgbuild.owner.pid";
    /// The process's start time in clock ticks after boot, as pids are reused.
    pub const PID_START: &str = "dev.imgbuild.owner.pid-start";
    /// Unix seconds after which the thing is a leftover wherever it was made.
    pub const DEADLINE: &str = "dev.imgbuild.owner.deadline";
}

/// Labels on the containers of deployments: what runs, and what ran before. An image with one of them is never deployed, so
/// that none can pretend to be what it is not.
pub mod deploy {
    /// Prefix of all of them.
    pub const PREFIX: &str = "dev.imgbuild.deploy.";
    /// Name of the deployment.
    pub const NAME: &str = "dev.imgbuild.deploy.name";
    /// What was asked for, as a reference.
    pub const REFERENCE: &str = "dev.imgbuild.deploy.reference";
    /// Digest of the image's manifest.
    pub const DIGEST: &str = "dev.imgbuild.deploy.digest";
    /// Id of the run.
    pub const RUN: &str = "dev.imgbuild.deploy.run";
    /// Who ran it.
    pub const BY: &str = "dev.imgbuild.deploy.by";
    /// When, in unix seconds.
    pub const AT: &str = "dev.imgbuild.deploy.at";
    /// What the container was made with, as JSON; names of variables without their values.
    pub const SPEC: &str = "dev.imgbuild.deploy.spec";
    /// The container that it takes the place of, as JSON.
    pub const REPLACES: &str = "dev.imgbuild.deploy.replaces";
    /// What ran before, as JSON, the last first.
    pub const HISTORY: &str = "dev.imgbuild.deploy.history";
    /// On the lock of a deployment: its name.
    pub const LOCK: &str = "dev.imgbuild.deploy.lock";
}
