//! Users and groups by the files in which a container has them.

use super::files::{self, Place};
use crate::error::Result;

/// The largest `/etc/passwd` or `/etc/group` that is read, in bytes.
const MAX: u64 = 4 << 20;

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::smoke) struct User {
    /// Its name.
    pub(in crate::smoke) name: String,
    /// Its number.
    pub(in crate::smoke) uid: u32,
    /// The number of its first group.
    pub(in crate::smoke) gid: u32,
    /// Its home folder.
    pub(in crate::smoke) home: String,
    /// Its shell; empty where the line has none.
    pub(in crate::smoke) shell: String,
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::smoke) struct Group {
    /// Its name.
    pub(in crate::smoke) name: String,
    /// Its number.
    pub(in crate::smoke) gid: u32,
    /// Names of users beside those whose first group it is.
    pub(in crate::smoke) members: Vec<String>,
}

/// Both files. The first line with a name or number counts, as in the C library; lines that are none are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::smoke) struct Accounts {
    users: Vec<User>,
    groups: Vec<Group>,
}

/// Reads both files; one that is not there is empty. The inner error says why they cannot be read.
pub(in crate::smoke) async fn accounts(place: Place<'_>) -> Result<Result<Accounts, String>> {
    let mut texts = Vec::new();
    for path in ["/etc/passwd", "/etc/group"] {
        match files::text(place, path, MAX).await? {
            Ok(text) => texts.push(text.unwrap_or_default()),
            Err(why) => return Ok(Err(why)),
        }
    }
    let text = |at: usize| texts.get(at).map(Vec::as_slice).unwrap_or_default();
    Ok(Ok(Accounts::parse(text(0), text(1))))
}

impl Accounts {
    fn parse(passwd: &[u8], group: &[u8]) -> Accounts {
        let (passwd, group) = (String::from_utf8_lossy(passwd), String::from_utf8_lossy(group));
        Accounts {
            users: passwd.lines().filter_map(user).collect(),
            groups: group.lines().filter_map(self::group).collect(),
        }
    }

    /// The user called `name`.
    pub(in crate::smoke) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The group called `name`.
    pub(in crate::smoke) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The name of the user with this number, or the number.
    pub(in crate::smoke) fn user_name(&self, uid: u32) -> String {
        let named = self.users.iter().find(|user| user.uid == uid);
        named.map_or_else(|| uid.to_string(), |user| user.name.clone())
    }

    /// The name of the group with this number, or the number.
    pub(in crate::smoke) fn group_name(&self, gid: u32) -> String {
        let named = self.groups.iter().find(|group| group.gid == gid);
        named.map_or_else(|| gid.to_string(), |group| group.name.clone())
    }

    /// Names of all groups that `user` is in, by the alphabet, each once.
    pub(in crate::smoke) fn groups_of(&self, user: &User) -> Vec<String> {
        let further = self.groups.iter().filter(|group| group.members.contains(&user.name));
        let mut names: Vec<String> = further.map(|group| group.name.clone()).collect();
        names.push(self.group_name(user.gid));
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn user(line: &str) -> Option<User> {
    let mut fields = line.trim_end_matches('\r').split(':');
    let name = named(fields.next()?)?;
    let (_password, uid, gid) = (fields.next()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let _comment = fields.next();
    let mut text = || fields.next().unwrap_or_default().to_owned();
    Some(User { name, uid, gid, home: text(), shell: text() })
}

fn group(line: &str) -> Option<Group> {
    let mut fields = line.trim_end_matches('\r').split(':');
    let name = named(fields.next()?)?;
    let (_password, gid) = (fields.next()?, fields.next()?.parse().ok()?);
    let members = fields.next().unwrap_or_default().split(',').filter(|member| !member.is_empty());
    Some(Group { name, gid, members: members.map(str::to_owned).collect() })
}

fn named(name: &str) -> Option<String> {
    (!name.is_empty() && !name.starts_with('#')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n\
        # comment:x:7:7::/:/x\n\
        :x:8:8::/:/nameless\n\
        app:x:1000:1000::/app\r\n\
        second-root:x:0:0::/:/sh\n\
        app:x:2000:1:twice:/:\n\
        short:x:5\n\
        words:x:five:5::/:/sh\n\
        negative:x:-1:5::/:/sh\n\
        \xff\xfe\n\
        huge:x:4294967296:5::/:/sh\n\
        last:x:4294967295:5::/:/sh:further:fields";
    const GROUP: &[u8] =
        b"root:x:0:\nwheel:x:10:app,,root\nweb:x:1000:other\nwheel:x:11:last\naudio:x:29:app\nbad\nnone:x:\n";

    #[test]
    fn lines_that_are_none_are_passed_over() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        let names: Vec<&str> = accounts.users.iter().map(|user| user.name.as_str()).collect();
        assert_eq!(names, ["root", "app", "second-root", "app", "last"]);
        let app = accounts.user("app").unwrap();
        assert_eq!((app.uid, app.home.as_str(), app.shell.as_str()), (1000, "/app", ""));
        assert_eq!(accounts.groups_of(app), ["audio", "web", "wheel"]);
        assert_eq!(accounts.groups_of(accounts.user("last").unwrap()), ["5", "wheel"]);
        assert_eq!((accounts.user_name(0), accounts.user_name(9)), ("root".to_owned(), "9".to_owned()));
        assert_eq!((accounts.group_name(29), accounts.group_name(5)), ("audio".to_owned(), "5".to_owned()));
        assert_eq!(accounts.group("wheel").unwrap().gid, 10);
        assert!(accounts.user("short").is_none() && accounts.group("none").is_none());
    }

    proptest! {
        #[test]
        fn never_panics(passwd in proptest::collection::vec(any::<u8>(), 0..200), group in "[a-c:,0-9\n]{0,100}") {
            let accounts = Accounts::parse(&passwd, group.as_bytes());
            for user in &accounts.users {
                accounts.groups_of(user);
            }
        }
    }
}
