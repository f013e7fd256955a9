FROM debian:12
RUN <<EOF
apt-get update
apt-get install -y a
rm -rf /var/lib/apt/lists/*
EOF
