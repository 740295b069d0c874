# Cloister with its default models inside: the container needs no network.
FROM python:3.11-slim-bookworm
ARG TORCH_INDEX=
RUN apt-get update && apt-get install -y --no-install-recommends make libgomp1 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 cloister \
 && install -d -o cloister /var/lib/cloister
WORKDIR /opt/cloister
COPY --chown=cloister . .
RUN chown cloister . && su cloister -c "make install TORCH_INDEX=$TORCH_INDEX"
USER cloister
ENV CLOISTER_DATA_DIR=/var/lib/cloister CLOISTER_SERVER__HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD [".venv/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"]
CMD [".venv/bin/cloister", "serve"]
