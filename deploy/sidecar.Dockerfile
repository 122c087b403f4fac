# The sidecar in one image. From the root of a checkout: docker build -f deploy/sidecar.Dockerfile -t belfry-sidecar .
FROM node:26-slim AS production
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/contract/package.json packages/contract/
COPY packages/sdk/package.json packages/sdk/
COPY packages/agent/package.json packages/agent/
COPY packages/agent/bin packages/agent/bin
COPY packages/relay/package.json packages/relay/
COPY packages/dashboard/package.json packages/dashboard/
COPY packages/hub/package.json packages/hub/
COPY packages/hub/bin packages/hub/bin
# Its own packages and those it needs: no hub, and no second Node beside the image's own.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund -w @belfry/relay -w @belfry/contract
COPY packages/contract/src packages/contract/src
COPY packages/relay/src packages/relay/src

FROM node:26-slim
RUN mkdir /data && chown node:node /data
COPY --from=production /app /app
COPY LICENSE /app/

# Nothing is written outside of /data, so the root file system can be read-only.
ENV NODE_ENV=production \
  BELFRY_SIDECAR_LISTEN=0.0.0.0:17000 \
  BELFRY_SIDECAR_SPOOL_DIR=/data/spool \
  MALLOC_ARENA_MAX=1
USER node
WORKDIR /data
VOLUME /data
EXPOSE 17000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:17000/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/packages/relay/src/main.ts"]
