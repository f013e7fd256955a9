//! The build arguments: ours only where the Dockerfile declares them, since an undeclared one is an error of the
//! classic builder's and a changing one busts the cache.

use std::collections::BTreeMap;

use super::inputs::Inputs;

/// What our arguments say.
pub(super) struct Said<'a> {
    pub(super) version: &'a str,
    /// RFC 3339 time of the source.
    pub(super) created: &'a str,
}

/// The arguments to send, and a warning for each configured one that no stage in use declares.
///
/// A configured value wins over ours.
pub(super) fn args(inputs: &Inputs<'_>, said: &Said<'_>) -> (BTreeMap<String, String>, Vec<String>) {
    let epoch = inputs.source_date_epoch().map(|seconds| seconds.to_string());
    let build_url = if inputs.settings.reproducible.value { None } else { inputs.ci.build_url.as_deref() };
    let ours = [
        ("GIT_SHA", Some(inputs.revision.commit.as_str())),
        ("VCS_REF", Some(inputs.revision.commit.as_str())),
        ("BUILD_URL", build_url),
        ("BUILD_DATE", Some(said.created)),
        ("SOURCE_DATE_EPOCH", epoch.as_deref()),
        ("VERSION", Some(said.version)),
        ("IMGBUILD", Some(env!("CARGO_PKG_VERSION"))),
    ];
    let declared = &inputs.facts.declared_args;
    let mut args = BTreeMap::new();
    for (name, value) in ours {
        if let Some(value) = value.filter(|_| declared.contains(name)) {
            args.insert(name.to_owned(), value.to_owned());
        }
    }
    let mut warnings = Vec::new();
    for (name, value) in &inputs.settings.build_args {
        // Docker knows these without a declaration.
        let predefined = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
        if declared.contains(name) || predefined {
            args.insert(name.clone(), value.value.clone());
        } else {
            warnings.push(format!("the build argument {name} is set, and no stage in use declares it"));
        }
    }
    (args, warnings)
}
