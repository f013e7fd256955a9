//! The CI systems by name.

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// GitHub Actions, and `act`, which imitates it.
    GitHub,
    /// Gitea Actions.
    Gitea,
    /// Forgejo Actions.
    Forgejo,
    /// GitLab CI.
    GitLab,
    /// Jenkins.
    Jenkins,
    /// Buildkite.
    Buildkite,
    /// CircleCI.
    CircleCi,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Drone.
    Drone,
    /// Woodpecker.
    Woodpecker,
    /// Travis CI.
    Travis,
    /// TeamCity.
    TeamCity,
    /// AppVeyor.
    AppVeyor,
    /// Google Cloud Build.
    CloudBuild,
    /// AWS CodeBuild.
    CodeBuild,
    /// Tekton, whose tasks have to say so by `IMGBUILD_CI_PROVIDER=tekton`: it sets no variable of its own.
    Tekton,
    /// `CI=true`, or `IMGBUILD_CI_PROVIDER` with another name: a CI whose variables are not known.
    Other,
}

impl Provider {
    /// Every system, in the order of the documentation.
    pub const ALL: [Provider; 18] = [
        Provider::GitHub,
        Provider::Gitea,
        Provider::Forgejo,
        Provider::GitLab,
        Provider::Jenkins,
        Provider::Buildkite,
        Provider::CircleCi,
        Provider::Azure,
        Provider::Bitbucket,
        Provider::Drone,
        Provider::Woodpecker,
        Provider::Travis,
        Provider::TeamCity,
        Provider::AppVeyor,
        Provider::CloudBuild,
        Provider::CodeBuild,
        Provider::Tekton,
        Provider::Other,
    ];

    /// The name in reports and in `IMGBUILD_CI_PROVIDER`.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::GitHub => "github-actions",
            Provider::Gitea => "gitea-actions",
            Provider::Forgejo => "forgejo-actions",
            Provider::GitLab => "gitlab-ci",
            Provider::Jenkins => "jenkins",
            Provider::Buildkite => "buildkite",
            Provider::CircleCi => "circleci",
            Provider::Azure => "azure-pipelines",
            Provider::Bitbucket => "bitbucket-pipelines",
            Provider::Drone => "drone",
            Provider::Woodpecker => "woodpecker",
            Provider::Travis => "travis",
            Provider::TeamCity => "teamcity",
            Provider::AppVeyor => "appveyor",
            Provider::CloudBuild => "google-cloud-build",
            Provider::CodeBuild => "aws-codebuild",
            Provider::Tekton => "tekton",
            Provider::Other => "other",
        }
    }

    /// The name as its maker writes it.
    pub const fn title(self) -> &'static str {
        match self {
            Provider::GitHub => "GitHub Actions",
            Provider::Gitea => "Gitea Actions",
            Provider::Forgejo => "Forgejo Actions",
            Provider::GitLab => "GitLab CI",
            Provider::Jenkins => "Jenkins",
            Provider::Buildkite => "Buildkite",
            Provider::CircleCi => "CircleCI",
            Provider::Azure => "Azure Pipelines",
            Provider::Bitbucket => "Bitbucket Pipelines",
            Provider::Drone => "Drone",
            Provider::Woodpecker => "Woodpecker",
            Provider::Travis => "Travis CI",
            Provider::TeamCity => "TeamCity",
            Provider::AppVeyor => "AppVeyor",
            Provider::CloudBuild => "Google Cloud Build",
            Provider::CodeBuild => "AWS CodeBuild",
            Provider::Tekton => "Tekton",
            Provider::Other => "a CI that is not known",
        }
    }

    /// The system of that name, or of one that people use for it: `github`, `gitlab`, `azure`.
    pub(super) fn named(name: &str) -> Provider {
        let short = match name {
            "github" => "github-actions",
            "gitea" => "gitea-actions",
            "forgejo" => "forgejo-actions",
            "gitlab" => "gitlab-ci",
            "circle" => "circleci",
            "azure" => "azure-pipelines",
            "bitbucket" => "bitbucket-pipelines",
            "travis-ci" => "travis",
            "cloud-build" | "cloudbuild" => "google-cloud-build",
            "codebuild" => "aws-codebuild",
            name => name,
        };
        Provider::ALL.into_iter().find(|provider| provider.name() == short).unwrap_or(Provider::Other)
    }

    /// Whether every run says that it is for a branch, a tag or a pull request. The others may say none of them, and
    /// then nobody knows whether the code is a fork's.
    pub const fn always_says_what_for(self) -> bool {
        !matches!(
            self,
            Provider::TeamCity
                | Provider::CloudBuild
                | Provider::CodeBuild
                | Provider::Tekton
                | Provider::Other
        )
    }

    /// Whether a run that is for a pull request always says so: without a word, it is for none.
    pub(super) const fn names_pull_requests(self) -> bool {
        // A Jenkins job without a plugin for pull requests can still check one out.
        self.always_says_what_for() && !matches!(self, Provider::Jenkins)
    }
}
