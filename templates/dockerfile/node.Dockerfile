FROM node:24-alpine3.22
ENV NODE_ENV=production
WORKDIR /app
# The dependencies alone first: they change less often than what uses them.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY . .
ENV PORT={{port}}
EXPOSE {{port}}
# The base's user `node`.
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
CMD ["node", "{{start}}"]
