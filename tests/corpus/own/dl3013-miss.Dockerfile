# DL3013: near misses
FROM debian:12
RUN pip install a==1
RUN pip install "a==1"
RUN pip install 'a==1'
RUN pip install "a>=1"
RUN pip install "a<=1"
RUN pip install "a<1"
RUN pip install "a>1"
RUN pip install a~=1
RUN pip install "a!=1"
RUN pip install "a===1"
RUN pip install "a>=1,<2"
RUN pip install "a[x]==1"
RUN pip install a[x]==1
RUN pip install a==$X
RUN pip install a==${X}
RUN pip install a==1 b==2
RUN pip install -r r.txt
RUN pip install -r r.txt a
RUN pip install --requirement r.txt
RUN pip install --requirement=r.txt
RUN pip install -rr.txt
RUN pip install -c c.txt a
RUN pip install --constraint c.txt a
RUN pip install --constraint=c.txt a
