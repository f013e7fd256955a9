//! Which images a rule asks what: a batch job has no port, and a base image is not run at all.

use super::RuntimeFacts;
use crate::expect::ImageKind;
use crate::rules::Fact;

impl RuntimeFacts {
    /// Judges `fact` of an image that is a service; of others nothing is asked. What is returned is the rule's answer.
    pub(in crate::rules) fn of_service<T>(&self, fact: &Fact<T>, judge: impl FnOnce(&T)) -> Fact<()> {
        self.of_kinds(&[ImageKind::Service], fact, judge)
    }

    /// The same of one that is a service or a job.
    pub(in crate::rules) fn of_either<T>(&self, fact: &Fact<T>, judge: impl FnOnce(&T)) -> Fact<()> {
        self.of_kinds(&[ImageKind::Service, ImageKind::Job], fact, judge)
    }

    fn of_kinds<T>(&self, kinds: &[ImageKind], fact: &Fact<T>, judge: impl FnOnce(&T)) -> Fact<()> {
        match (self.kind.as_ref(), fact.as_ref()) {
            (Ok(seen), _) if !kinds.contains(&seen.kind) => Fact::Known(()),
            (Err(why), _) | (_, Err(why)) => Fact::Missing(why.to_owned()),
            (Ok(_), Ok(fact)) => {
                judge(fact);
                Fact::Known(())
            }
        }
    }
}
