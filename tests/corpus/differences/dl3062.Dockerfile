FROM debian:12
RUN go install -tags x github.com/a/b@v1
RUN go install -a -installsuffix cgo .
RUN go install -mod vendor ./x
RUN go install -o x ./y
RUN go install -p 4 ./y
