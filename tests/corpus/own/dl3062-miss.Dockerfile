# DL3062: near misses
FROM debian:12
RUN go install a@v1
RUN go install a@1
RUN go install a@master
RUN go install a@main
RUN go install a@abcdef
RUN go install a@upgrade
RUN go install a@$V
RUN go install a@${V}
RUN go install .
RUN go install ./...
RUN go install ./cmd/a
RUN go install ./a@latest
RUN go install ../x
RUN go install /x
RUN go install github.com/a/b@v1
RUN go install -v github.com/a/b@v1
RUN go install -ldflags "-s -w" github.com/a/b@v1
RUN go install -ldflags="-s -w" github.com/a/b@v1
RUN go install -tags=x github.com/a/b@v1
RUN go install -trimpath github.com/a/b@v1
RUN go install
RUN go get github.com/a/b@v1
RUN go get -d ./...
RUN go get ./...
