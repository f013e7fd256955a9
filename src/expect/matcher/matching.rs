//! Whether each of some matchers can have an element of its own.

use super::Matcher;
use super::fit::Subject;

/// The most that one question may look at elements.
const LOOKS: usize = 1 << 24;

/// The most elements that are kept for one question.
pub(super) const ELEMENTS: usize = 200_000;

/// Whether there is a different element for each of `matchers`. One that cannot be judged is like none. `None` where the
/// question is too large.
pub(super) fn covers(matchers: &[Matcher], elements: &[Subject<'_>]) -> Option<bool> {
    if matchers.len() > elements.len() {
        return Some(false);
    }
    if elements.len() > ELEMENTS
        || matchers.len() > Matcher::MOST
        || matchers.len().saturating_mul(elements.len()) > LOOKS
    {
        return None;
    }
    let fitting: Vec<Vec<usize>> = matchers
        .iter()
        .map(|matcher| {
            let fits = |(_, element): &(usize, &Subject<'_>)| matcher.fits(**element) == Some(true);
            let fitting = elements.iter().enumerate().filter(fits).map(|(nth, _)| nth);
            // One with as many elements as there are matchers always finds one that is free.
            fitting.take(matchers.len()).collect()
        })
        .collect();
    let mut taken_by = vec![None; elements.len()];
    Some((0..matchers.len()).all(|matcher| {
        let mut asked = vec![false; matchers.len()];
        place(matcher, &fitting, &mut taken_by, &mut asked)
    }))
}

/// Gives `matcher` an element, for which others may move to another one of theirs (an augmenting path). Each is asked
/// once, so that this is at most as deep as there are matchers.
fn place(matcher: usize, fitting: &[Vec<usize>], taken_by: &mut [Option<usize>], asked: &mut [bool]) -> bool {
    if std::mem::replace(&mut asked[matcher], true) {
        return false;
    }
    for &element in &fitting[matcher] {
        let free = match taken_by[element] {
            None => true,
            Some(other) => place(other, fitting, taken_by, asked),
        };
        if free {
            taken_by[element] = Some(matcher);
            return true;
        }
    }
    false
}
