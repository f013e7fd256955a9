FROM debian:12
RUN zypper install -t pattern a=1
RUN zypper install --type pattern a=1
RUN zypper install -r x a=1
RUN zypper install --repo x a=1
RUN zypper install --from x a=1
RUN zypper install -- a=1
RUN zypper -q --root x in a=1
RUN zypper -R x in a=1
