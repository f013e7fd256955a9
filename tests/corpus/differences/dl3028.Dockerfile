FROM debian:12
RUN gem install a -v1
RUN gem install ./a.gem
RUN gem install a.gem
