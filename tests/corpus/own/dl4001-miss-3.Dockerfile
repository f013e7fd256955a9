FROM a:1
RUN wget x
FROM b:1
RUN curl x
