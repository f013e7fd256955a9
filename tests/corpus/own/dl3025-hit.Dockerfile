# DL3025: flagged, one way or another
FROM debian:12
CMD a
CMD a b
CMD ['a']
CMD ["a",]
CMD ["a", "b"
CMD "a"
CMD [a]
ENTRYPOINT a
ENTRYPOINT ['a']
CMD exec a
CMD a && b
CMD $X
CMD a
ENTRYPOINT b
CMD a
CMD b
HEALTHCHECK CMD a
SHELL ["bash"]
CMD a
SHELL ["powershell"]
CMD a
CMD a \
 b
CMD <<EOF
a
EOF

CMD [ "a", 1 ]
CMD ["a" "b"]
