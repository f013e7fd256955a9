# DL3001: near misses
FROM debian:12
RUN ifconfig
RUN nano x
RUN emacs x
RUN vi x
RUN htop
RUN systemctl x
RUN reboot
RUN halt
RUN less x
RUN man x
RUN ping x
RUN umount x
RUN pkill x
RUN killall x
RUN init
RUN sshd
RUN iptables
RUN ip a
RUN nc x
RUN sudo ps
RUN /bin/ps
RUN apt-get install vim
RUN ssh-keygen
RUN freeze
