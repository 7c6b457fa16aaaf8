# One image: it migrates and it serves. See CONTRIBUTING.md, "The image".
#
# Where a digest follows the tag, that is what is built on; how they are recorded and kept up is there.
ARG BUILD_IMAGE=docker.io/library/node:24.20.0-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts/run.mjs scripts/
# What is optional is for tests and linters: PostgreSQL's binaries, compilers of many platforms.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=npm-ca,target=/run/secrets/npm-ca \
    --mount=type=cache,target=/root/.npm \
    npm_config_omit=optional node scripts/run.mjs install
COPY . .
ARG SOURCE_DATE_EPOCH=0
RUN node scripts/run.mjs image-tree --out /app

FROM ${RUNTIME_IMAGE}
ARG RUNTIME_IMAGE
ARG BUILD_VERSION=0.0.0
ARG BUILD_REVISION=unknown
ARG BUILD_CREATED=1970-01-01T00:00:00Z
ARG BUILD_SOURCE=
LABEL org.opencontainers.image.title="messages" \
      org.opencontainers.image.description="Short messages under tags: post them, list them." \
      org.opencontainers.image.version="${BUILD_VERSION}" \
      org.opencontainers.image.revision="${BUILD_REVISION}" \
      org.opencontainers.image.created="${BUILD_CREATED}" \
      org.opencontainers.image.source="${BUILD_SOURCE}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
ENV NODE_ENV=production \
    BUILD_REVISION=${BUILD_REVISION}
WORKDIR /app
# Root's, so that the service cannot change itself wherever the root file system is writable.
COPY --from=build --chown=0:0 /app /app
USER 65532:65532
EXPOSE 3000 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["/nodejs/bin/node", "/app/dist/healthcheck.js"]
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/main.js"]
CMD ["serve"]
