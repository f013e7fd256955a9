# DL3028: flagged, one way or another
FROM debian:12
RUN gem install a
RUN gem install a b
RUN gem install a:1 b
RUN gem install $A
RUN gem install a --no-document
RUN gem i a
RUN gem install a -- --x
RUN gem install bundler
ONBUILD RUN gem install a
RUN ["gem","install","a"]
RUN gem install a && gem install b:1
RUN gem --x install a
RUN gem install a=1
RUN gem install a@1
RUN gem install --no-ri --no-rdoc a
RUN gem install a b -N c:1
RUN gem install -N a b
RUN gem install --pre a b
RUN gem install --no-document a:1 b
RUN gem install a -N
RUN gem install --source x a
