# DL3013: flagged, one way or another
FROM debian:12
RUN pip install a
RUN pip install a>=1
RUN pip install a=1
RUN pip install "a[x]"
RUN pip install $X
RUN pip install ${X}
RUN pip install a$X
RUN pip install "$X"
RUN pip install a b==1
RUN pip install a==1 b
RUN pip install ./a.whl b
RUN pip install /a b
RUN pip install git+https://x
RUN pip install git+ssh://x
RUN pip install git+http://x
RUN pip install git://x
RUN pip install "git+https://x#egg=a"
RUN pip install hg+http://x
RUN pip install svn+http://x
