FROM --platform=$BUILDPLATFORM a:latest
