//! `imgbuild.env`: the outputs as GitLab's dotenv report, which is read line by line. Quotes and backslashes mean nothing
//! there, a value ends with its line, and blanks around it go.
//!
//! <https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv>

use super::Outputs;
use super::outputs::flat;

/// GitLab takes no larger file, unless its administrator says so.
const MOST_BYTES: usize = 5 * 1024;
/// A value of another kind than a list is no longer than that; what is, would take the file with it.
const MOST_VALUE: usize = 1024;

/// The file. Tags at the end of the list that do not fit are left out.
pub(in crate::report) fn dotenv(outputs: &Outputs) -> String {
    let mut text = String::new();
    // A later job could not reach what is on this one's engine alone.
    let outputs = if outputs.is_published() { outputs } else { &Outputs::default() };
    for (key, value) in
        [("DIGEST", &outputs.digest), ("IMAGE", &outputs.image), ("VERSION", &outputs.version)]
    {
        let value = flat(value);
        let value = if value.len() > MOST_VALUE { "" } else { value.trim() };
        text.push_str(&format!("IMGBUILD_{key}={value}\n"));
    }
    text.push_str("IMGBUILD_TAGS=");
    let mut between = "";
    for tag in &outputs.tags {
        if text.len() + between.len() + tag.len() >= MOST_BYTES {
            break;
        }
        text.push_str(between);
        text.push_str(&flat(tag));
        between = " ";
    }
    text.push('\n');
    text
}
