FROM debian:12
ADD git@github.com:x/y b
ADD a.tar.zst b
