FROM $X/a:latest
