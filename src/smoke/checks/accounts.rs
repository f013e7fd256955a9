//! Users and groups, by `/etc/passwd` and `/etc/group` of the running container, else of the image.

use serde_json::Value;

use super::misfits;
use crate::error::Result;
use crate::expect::{GroupCheck, Matcher, Misfit, UserCheck};
use crate::smoke::look;
use crate::smoke::scene::Bench;

/// Looks at a user; what does not fit.
pub(super) async fn user(bench: &Bench<'_>, spec: &UserCheck) -> Result<Vec<Misfit>> {
    let name = format!("user {}", spec.name);
    let accounts = match look::accounts(bench.place().await?).await? {
        Ok(accounts) => accounts,
        Err(why) => return Ok(vec![misfits::unseen(name, &why)]),
    };
    let user = accounts.user(&spec.name);
    let attributes = user.map(|user| {
        [
            ("uid", &spec.uid, user.uid.into()),
            ("gid", &spec.gid, user.gid.into()),
            ("groups", &spec.groups, Value::from(accounts.groups_of(user))),
            ("home", &spec.home, user.home.as_str().into()),
            ("shell", &spec.shell, user.shell.as_str().into()),
        ]
    });
    let asked = [&spec.uid, &spec.gid, &spec.groups, &spec.home, &spec.shell];
    Ok(judge(&name, spec.exists.as_ref(), &asked, attributes.as_ref().map(<[_; 5]>::as_slice)))
}

/// Looks at a group; what does not fit.
pub(super) async fn group(bench: &Bench<'_>, spec: &GroupCheck) -> Result<Vec<Misfit>> {
    let name = format!("group {}", spec.name);
    let accounts = match look::accounts(bench.place().await?).await? {
        Ok(accounts) => accounts,
        Err(why) => return Ok(vec![misfits::unseen(name, &why)]),
    };
    let attributes = accounts.group(&spec.name).map(|group| [("gid", &spec.gid, group.gid.into())]);
    Ok(judge(&name, spec.exists.as_ref(), &[&spec.gid], attributes.as_ref().map(<[_; 1]>::as_slice)))
}

/// Judges one that is there by its attributes. Of one that is not, only that is told, and only where something was asked
/// that it cannot have.
fn judge(
    name: &str,
    exists: Option<&Matcher>,
    asked: &[&Option<Matcher>],
    attributes: Option<&[(&str, &Option<Matcher>, Value)]>,
) -> Vec<Misfit> {
    let is_wrong = exists.and_then(|matcher| matcher.value(name, &attributes.is_some().into()).err());
    if is_wrong.is_some() {
        let (expected, got) = if attributes.is_some() { ("no such", "one") } else { ("one", "no such") };
        return vec![Misfit::new(name, expected, got)];
    }
    let Some(attributes) = attributes else {
        let is_asked = exists.is_none() && asked.iter().any(|matcher| matcher.is_some());
        return is_asked.then(|| Misfit::new(name, "one", "no such")).into_iter().collect();
    };
    let judged = attributes.iter().filter_map(|(what, matcher, value)| {
        matcher.as_ref().and_then(|matcher| matcher.value(&format!("{what} of {name}"), value).err())
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_absent_is_told_once() {
        let is = |value: bool| Some(Matcher::Equals(value.into()));
        let five = Some(Matcher::Equals(5.into()));
        let there = [("uid", &five, Value::from(5))];
        let other = [("uid", &five, Value::from(6))];
        let said = |exists: &Option<Matcher>, asked: &Option<Matcher>, attributes: Option<&[_]>| {
            let misfits = judge("user a", exists.as_ref(), &[asked], attributes);
            misfits.iter().map(Misfit::sentence).collect::<Vec<_>>()
        };
        let none = Vec::<String>::new();
        assert_eq!(said(&is(true), &five, Some(&there)), none);
        assert_eq!(said(&is(true), &five, Some(&other)), ["uid of user a: expected 5, got 6"]);
        assert_eq!(said(&is(true), &five, None), ["user a: expected one, got no such"]);
        assert_eq!(said(&None, &five, None), ["user a: expected one, got no such"]);
        assert_eq!(said(&None, &None, None), none);
        assert_eq!(said(&is(false), &five, None), none);
        assert_eq!(said(&is(false), &None, Some(&there)), ["user a: expected no such, got one"]);
    }
}
