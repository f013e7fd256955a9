//! Instructions of which one counts for a stage.

use super::{Analysis, Step};
use crate::dockerfile::Keyword;

impl<'a> Analysis<'a> {
    /// The second and later steps of a kind in their stages, each with the step that it replaces. Those behind `ONBUILD`
    /// belong to another image.
    pub fn repeated(&self, keyword: Keyword) -> Vec<(&Step<'a>, &Step<'a>)> {
        let mut repeated = Vec::new();
        let mut before: Option<&Step<'a>> = None;
        for step in self.of(keyword).filter(|step| !step.onbuild && step.stage.is_some()) {
            if let Some(before) = before.filter(|before| before.stage == step.stage) {
                repeated.push((step, before));
            }
            before = Some(step);
        }
        repeated
    }
}
