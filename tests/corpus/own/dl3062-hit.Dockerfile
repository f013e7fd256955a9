# DL3062: flagged, one way or another
FROM debian:12
RUN go install a
RUN go install a@latest
RUN go install a@none
RUN go install $A
RUN go install x/...
RUN go install github.com/a/b
RUN go install github.com/a/b@latest
RUN go install github.com/a/b/cmd/c@latest
RUN go install -v github.com/a/b
RUN go install cmd
RUN go install std
RUN go install mysql
RUN go install a@v1 b
RUN go install a@v1 b@latest
RUN go get a
RUN go get github.com/a/b
RUN go get -u github.com/a/b
RUN go get github.com/a/b@latest
RUN go get -t github.com/a/b
