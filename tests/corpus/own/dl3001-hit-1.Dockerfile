FROM a:1
RUN service
