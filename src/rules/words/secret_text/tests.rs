use super::*;

/// What must not be seen in these is `hunter2`, or the whole.
pub(crate) const SECRET_LINES: &[&str] = &[
    "RUN redis-cli -u redis://:hunter2@h",
    "RUN curl https://me%40corp.com:hunter2@h/x",
    "RUN git clone https://hunter2@host/x",
    "RUN git clone https://me:hun/hunter2@host/x",
    "RUN curl -u user:hunter2 https://h",
    "RUN curl -sSu \"user:hunter2\" https://h",
    "RUN curl --user=user:hunter2 https://h",
    "RUN curl -u hunter2: https://h",
    "RUN mysql -u root -phunter2 db",
    "RUN mysql -p'hunter2' db",
    "RUN sh -c \"mysql -phunter2\"",
    "RUN [\"mysql\", \"-phunter2\"]",
    "RUN sshpass -p hunter2 ssh h",
    "RUN sshpass -phunter2 ssh h",
    "RUN docker login -u me -p hunter2 h",
    "RUN x && useradd -m -p hunter2 bob",
    "RUN htpasswd -cb f u hunter2",
    "RUN htpasswd -nbB u hunter2",
    "RUN echo \"bob:hunter2\" | chpasswd",
    "RUN printf '%s' bob:hunter2 | chpasswd -e",
    "RUN chpasswd <<< bob:hunter2",
    "bob:hunter2",
    "RUN echo hunter2 | docker login -u me --password-stdin",
    "RUN echo 'machine x login y password hunter2' > ~/.netrc",
    "RUN curl -H \"Authorization: token hunter2\" u",
    "RUN curl -H 'Authorization: Bearer hunter2' u",
    "RUN curl -H 'X-Auth-Token: hunter2' u",
    "RUN npm config set //r.test/:_authToken hunter2",
    "RUN npm config set '//r.test/:_authToken' 'hunter2'",
    "RUN pip install --extra-index-url=https://hunter2@h x",
    "ADD https://h/x?X-Amz-Signature=hunter2 /x",
    "ENV X=${PW:-hunter2}",
    "ENV TOKEN=${T-hunter2}",
    "RUN x ${API_TOKEN-hunter2}",
    "ENV PASSWORD=\"$PREFIX-hunter2\"",
    "ENV PASSWORD=$PREFIX\"hunter2\"",
    "ENV PASSWORD $PREFIX-hunter2",
    "ENV DB_PASSWORD \"hun ter2\" c",
    "ONBUILD ENV TOKEN hunter2",
    "ENV API_KEY=hunter2 OTHER=def",
    "ARG TOKEN='a hunter2' X=1",
    "RUN mysql --password hunter2 -h x",
    "RUN echo '{\"secret\": \"hunter2\"}'",
    "RUN echo '{\\\"secret\\\": \\\"hunter2\\\"}'",
    "RUN echo \"password = hunter2\" > f",
    "RUN keytool -storepass hunter2",
    "RUN openssl x -passin pass:hunter2",
    "RUN psql -c \"CREATE USER x PASSWORD 'hunter2'\"",
    "RUN mysql -e \"CREATE USER x IDENTIFIED BY 'hunter2'\"",
    "RUN rabbitmqctl add_user u hunter2",
    "RUN aws configure set aws_secret_access_key hunter2",
    "RUN x sk_live_hunter2a",
    "RUN x hvs.hunter2aB",
    "RUN x ghu_hunter2aB",
    "RUN x SG.hunter2aB",
    "RUN x dckr_pat_hunter2aB",
    "RUN x pypi-hunter2aB",
    "RUN x ghp_0123456789abcdefghij",
    "ENV CERT \"-----BEGIN RSA PRIVATE KEY-----hunter2\"",
    "ENV X=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "RUN x aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldCBvZiBtaW5l==",
    "RUN x 3f786850e387550fdab836ed7e6dc881de23001b0a1b2c3d",
];

#[test]
fn secrets_are_found() {
    for line in SECRET_LINES {
        assert!(hides_secret(line), "{line}");
        let Some(at) = line.find("hunter2") else { continue };
        let inside = |range: &Range<usize>| range.start < at + "hunter2".len() && at < range.end;
        assert!(secrets_in(line).iter().any(inside), "{line}");
    }
}

#[test]
fn usual_lines_are_shown() {
    for line in [
        "FROM node:22@sha256:3f786850e387550fdab836ed7e6dc881de23001b0a1b2c3d4e5f60718293a4b5",
        "FROM corp/auth:1.2 AS token",
        "ARG NPM_TOKEN",
        "ENV TOKEN=$OTHER",
        "ENV TOKEN=\"${OTHER}\" A=b",
        "RUN test -n \"${TOKEN:?give one}\"",
        "RUN curl https://host:443/x https://unpkg.com/react@18/x.js",
        "RUN git clone ssh://git@h.test/x && git clone git@h.test:x",
        "RUN git clone https://oauth2:${TOKEN}@h.test/x https://$TOKEN@h.test/x",
        "RUN curl -u \"$USER:$PASS\" -H \"Authorization: Bearer $TOKEN\" https://h/x",
        "RUN mysql -p -e 'select 1' && mkdir -p /x",
        "RUN docker login -u me -p $(cat /run/secrets/x)",
        "RUN echo \"$TOKEN\" | docker login -u me --password-stdin",
        "RUN --mount=type=secret,id=npm true",
        "RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci",
        "COPY --from=build /etc/passwd /etc/passwd",
        "ENV KEY= A=b",
        "ENV PUBLIC_KEY=abc",
        "RUN apt-key add - && monkey=1",
        "RUN git checkout 3f786850e387550fdab836ed7e6dc881de23001b",
        "RUN curl -fsSLO https://github.com/hadolint/hadolint/releases/download/v2.12.0/hadolint-Linux-x86_64",
        "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl mysql-client",
        "RUN echo ======================================================",
        "RUN npm_config_cache=/x npm ci; pwd && passwd -d root",
        "CMD [\"nginx\", \"-g\", \"daemon off;\"]",
        "EXPOSE 80 443/tcp",
        "",
    ] {
        let found: Vec<&str> = secrets_in(line).into_iter().map(|range| &line[range]).collect();
        assert!(found.is_empty(), "{line}: {found:?}");
    }
}

#[test]
fn lines_that_are_continued_are_one() {
    assert!(hides_secret("RUN useradd \\\n  -p hunter2 bob"));
    assert!(hides_secret("a\nENV TOKEN hunter2\nb"));
    assert!(!hides_secret("ARG TOKEN\nRUN a\nRUN b"));
}

#[test]
fn long_lines_take_linear_time() {
    for piece in ["a_key=", "://a:", "'", "x@", "|chpasswd", "${A_KEY:-", "token ", "login -p "] {
        let line = piece.repeat(200_000 / piece.len());
        assert!(secrets_in(&line).len() <= line.len(), "{piece}");
    }
}
