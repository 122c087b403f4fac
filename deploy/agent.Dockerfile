# The agent and the forwarder in one image. From the root of a checkout: docker build -f deploy/agent.Dockerfile -t belfry-agent .
# They use no packages of others, so nothing is installed.
FROM node:26-slim
COPY packages/contract /app/packages/contract
COPY packages/agent /app/packages/agent
COPY LICENSE /app/
RUN mkdir -p /app/node_modules/@belfry /data \
  && ln -s ../../packages/contract /app/node_modules/@belfry/contract \
  && chown node:node /data \
  && for name in belfry-agent system-stats-service system-stats-forwarder; do \
    ln -s "/app/packages/agent/bin/$name.js" "/usr/local/bin/$name"; \
  done

# Nothing is written outside of /data, so the root file system can be read-only.
ENV NODE_ENV=production \
  BELFRY_AGENT_STATE_DIR=/data
USER node
WORKDIR /data
VOLUME /data
EXPOSE 5001
STOPSIGNAL SIGTERM
ENTRYPOINT ["belfry-agent"]
