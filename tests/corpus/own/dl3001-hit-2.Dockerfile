FROM a:1
RUN apt-get install -y x && service y start
