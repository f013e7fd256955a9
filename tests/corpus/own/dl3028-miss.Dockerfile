# DL3028: near misses
FROM debian:12
RUN gem install a:1
RUN gem install a -v 1
RUN gem install a --version 1
RUN gem install a --version=1
RUN gem install -v 1 a
RUN gem install a -v 1 b
RUN gem install a --version '~> 1'
RUN gem install a:$V
RUN gem install a:1 --no-document
RUN gem i a:1
RUN gem install --source x a:1
RUN gem install -s x a:1
RUN gem install -i x a:1
RUN gem install --install-dir x a:1
RUN gem install --install-dir=x a:1
RUN gem install --bindir x a:1
RUN gem install -n x a:1
RUN gem install -d x a:1
RUN gem install -- a
RUN gem install a:1 -- --x
RUN gem install a:1 -- --with-x b
RUN gem install
RUN gem update
RUN gem update --system
