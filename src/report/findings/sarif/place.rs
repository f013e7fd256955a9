//! Where something is, as SARIF says it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::model::{Artifact, Location, Logical, Physical, TextRegion};
use crate::dockerfile::Position;
use crate::rules::Place;

/// All but what RFC 3986 leaves unreserved, and the slash. A colon would make a scheme of the first folder's name.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The place of a finding, in the file `path` of the repository.
pub(super) fn location(place: &Place, path: &str) -> Location {
    let whole = || TextRegion {
        start_line: place.line,
        start_column: (place.column > 0).then_some(place.column),
        end_line: None,
        end_column: None,
    };
    let region = place.region.map(|region| between(region.start, region.end));
    let logical = place.field.iter().map(|field| Logical { fully_qualified_name: field.clone() });
    Location {
        physical_location: Physical {
            artifact_location: artifact(path),
            region: region.or_else(|| (place.line > 0).then(whole)),
        },
        logical_locations: logical.collect(),
    }
}

/// The text between two positions; lines and columns are never 0 there.
pub(super) fn between(start: Position, end: Position) -> TextRegion {
    TextRegion {
        start_line: start.line.max(1),
        start_column: Some(start.column.max(1)),
        end_line: Some(end.line.max(1)),
        end_column: Some(end.column.max(1)),
    }
}

/// A path as a URI: a relative one stays relative.
pub(super) fn artifact(path: &str) -> Artifact {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    Artifact { uri: format!("{scheme}{}", utf8_percent_encode(path, IN_PATH)) }
}
