# The SDK's example as a job in a container. From the root of a checkout: docker build -f deploy/sdk-example.Dockerfile -t belfry-sdk-example .
# Any supported Node will do for jobs; the package is built with the newest.
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
RUN npm ci --no-audit --no-fund -w @belfry/sdk --include-workspace-root \
  && node packages/sdk/build.ts

FROM node:22-slim
WORKDIR /app
COPY --from=build /app/packages/sdk/dist node_modules/@belfry/sdk
COPY packages/sdk/examples .
COPY LICENSE .
ENV SIDECAR_URL=http://sidecar:17000
USER node
ENTRYPOINT ["node", "daily-batch.js"]
