# The relay, with its faster server on board (RELAY_SERVER=uvicorn).
#
#   docker build -t okta-datadog-relay .
#   docker run --read-only -v relay-spool:/var/lib/relay -p 8080:8080 -e DD_API_KEY -e RELAY_TOKEN okta-datadog-relay

# 3.13 is the newest Python that every dependency is known to work on: Hypercorn 0.18 crashes on 3.14 when it
# is started by its own command (https://github.com/pgjones/hypercorn/issues/354).
FROM python:3.13-slim AS base


FROM base AS builder

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY datadog_assets datadog_assets
COPY relay relay

# The image's own pip fills the environment, so that the environment needs none.
# Bytecode is compiled here because the last stage cannot write any; it is not checked against the sources'
# dates, which not every builder keeps when it copies.
RUN python -m venv --without-pip /opt/relay \
    && pip --python=/opt/relay/bin/python install --no-cache-dir --no-compile "/src[fast]" \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/relay/lib


FROM base

LABEL org.opencontainers.image.title="okta-datadog-relay" \
      org.opencontainers.image.description="Okta Workflows execution logs, safely into Datadog" \
      org.opencontainers.image.licenses="Apache-2.0"

# The directory belongs to the user before a volume is laid over it: a new volume takes that over.
# Where the platform mounts its own (Kubernetes), give it the group 10001 (fsGroup).
RUN pip uninstall --yes pip \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/relay

COPY --from=builder /opt/relay /opt/relay

# The root may be read-only: whatever is written (SQLite also spills large changes into TMPDIR) goes to the volume.
ENV PATH="/opt/relay/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/lib/relay \
    TMPDIR=/var/lib/relay \
    RELAY_BIND=0.0.0.0:8080 \
    RELAY_SPOOL=sqlite:/var/lib/relay/spool.db

USER 10001:10001
WORKDIR /var/lib/relay
VOLUME /var/lib/relay
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=15s --retries=3 CMD ["relay", "check", "--running"]
ENTRYPOINT ["relay"]
CMD ["serve"]
