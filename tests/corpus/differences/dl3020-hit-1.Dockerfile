ARG URL=http://x
ADD $URL /x
