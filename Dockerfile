# To pin it: --build-arg BASE_IMAGE=node@sha256:…
ARG BASE_IMAGE=node:24-bookworm-slim
# The console's packages and sources stay in this stage.
FROM ${BASE_IMAGE} AS console
WORKDIR /app
COPY package.json package-lock.json ./
# The native parts of the build tool are optional packages.
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY console ./console
# Of these it takes the table of errors and the messages of the live view.
COPY src ./src
COPY scripts/docs/chinese.ts ./scripts/docs/
RUN npx vite build --config console/vite.config.ts

FROM ${BASE_IMAGE}

RUN apt-get update \
 && apt-get install -y --no-install-recommends chromium xvfb tini fonts-noto-cjk fonts-noto-color-emoji \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 gateway \
 && useradd --uid 10001 --gid gateway --create-home gateway \
 && install -d -o gateway -g gateway -m 0700 /data

WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are a Node for machines with an older one.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY docker/entrypoint /usr/local/bin/entrypoint
COPY src ./src
COPY --from=console /app/console/dist ./console/dist

USER gateway
# The root file system may be read-only, /tmp a tmpfs.
ENV HOME=/tmp NODE_ENV=production HOST=0.0.0.0 PORT=8088 STATE_DIR=/data BROWSER_MODE=headed BROWSER_PATH=/usr/bin/chromium
VOLUME /data
EXPOSE 8088
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# tini reaps the children that Chromium hands to process 1.
ENTRYPOINT ["tini", "--", "entrypoint"]
CMD ["serve"]
