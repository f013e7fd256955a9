# DL3025: near misses
FROM debian:12
CMD ["a"]
CMD [ "a" ]
CMD []
ENTRYPOINT ["a"]
CMD ["sh","-c","a"]
ONBUILD CMD a
ONBUILD ENTRYPOINT a
HEALTHCHECK CMD ["a"]
RUN a
SHELL a
CMD ["a", \
 "b"]
CMD [ \
 "b"]
CMD ["a\\x"]
CMD ["c:\\\\x"]
CMD ["",""]
RUN cmd a
RUN CMD	["a"]
VOLUME a
