use proptest::prelude::*;

use super::*;

#[test]
fn values_of_secrets_are_hidden() {
    let table = [
        ("ENV API_KEY=abc OTHER=def", "ENV API_KEY=*** OTHER=def"),
        ("ENV DB_PASSWORD \"a b\" c", "ENV DB_PASSWORD ** ** *"),
        ("ARG TOKEN='a b' X=1", "ARG TOKEN='* *' X=1"),
        ("ARG NPM_TOKEN", "ARG NPM_TOKEN"),
        ("ENV TOKEN=$OTHER", "ENV TOKEN=$OTHER"),
        ("RUN mysql --password hunter2 -h x", "RUN mysql --password ******* -h x"),
        ("RUN x --password=hunter2; y", "RUN x --password=*******; y"),
        ("RUN git clone https://me:pw@host/x", "RUN git clone https://me:**@host/x"),
        ("RUN curl https://host:443/x", "RUN curl https://host:443/x"),
        ("RUN curl -H \"Authorization: Bearer abc\" u", "RUN curl -H \"Authorization: Bearer ***\" u"),
        ("RUN echo '{\"secret\": \"s\"}'", "RUN echo '{\"secret\": \"*\"}'"),
        ("RUN x ghp_0123456789abcdefghij", "RUN x ************************"),
        ("ENV PASSWORD=a\\", "ENV PASSWORD=*\\"),
        ("RUN --mount=type=secret,id=npm true", "RUN --mount=type=secret,id=npm true"),
        ("ENV KEY= A=b", "ENV KEY= A=b"),
        ("ENV PUBLIC_KEY=abc", "ENV PUBLIC_KEY=abc"),
        ("RUN apt-key add - && monkey=1", "RUN apt-key add - && monkey=1"),
    ];
    for (line, expected) in table {
        assert_eq!(hushed(line, false), expected);
    }
    assert_eq!(hushed("secret OTHER=x", true), "****** OTHER=x");
}

proptest! {
    #[test]
    fn each_character_keeps_its_place(line in any::<String>(), cut in any::<bool>()) {
        prop_assert_eq!(hushed(&line, cut).chars().count(), line.chars().count());
    }
}
