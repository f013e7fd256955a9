FROM python:3.13-slim-trixie
# Output is not held back, and nothing is written beside the modules.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# The dependencies alone first: they change less often than what uses them.
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
ENV PORT={{port}}
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:{{port}}{{health-path}}', timeout=2)"]
CMD ["python", "-m", "{{start}}"]
