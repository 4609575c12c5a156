# The first stage builds the wheel; the second contains only what is needed to run it.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY server server
COPY static static
COPY tools tools
RUN python -m venv /opt/stoppress-assets \
    && /opt/stoppress-assets/bin/python -m pip install --constraint constraints.txt brotli fonttools \
    && VENV=/opt/stoppress-assets tools/fonts.sh \
    && VENV=/opt/stoppress-assets tools/bundle.sh
RUN python -m pip wheel --no-deps --wheel-dir /wheels .
RUN python -m venv /opt/stoppress \
    && /opt/stoppress/bin/python -m pip install --constraint constraints.txt /wheels/*.whl

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Stop Press" \
      org.opencontainers.image.description="A live-blog server for newsrooms" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin stoppress \
    && install --directory --owner=stoppress --group=stoppress --mode=0750 /data
COPY --from=build /opt/stoppress /opt/stoppress
ENV PATH=/opt/stoppress/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STOPPRESS_DATA_DIR=/data \
    STOPPRESS_HOST=0.0.0.0 \
    STOPPRESS_PORT=8000 \
    STOPPRESS_LOG_JSON=true
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8000
# /healthz, not /readyz: an unavailable database is no reason to restart and disconnect all readers
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['STOPPRESS_PORT']}/healthz\", timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["stoppress", "serve"]
