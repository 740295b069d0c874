# Cloister with its default models inside: the container needs no network, no root and no writable root file system.
#
#   docker build --build-arg TORCH_INDEX=<address of PyTorch's CPU index> -t cloister:0.1.0 .
#
# TORCH_INDEX (pytorch.org, "Get started", CPU) is needed on amd64 only: for arm64 the general index has that build. The
# file is the same for both (docker buildx build --platform …).
# What is written at run time goes to /var/lib/cloister (a volume) and /tmp (a tmpfs).
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG TORCH_INDEX=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
WORKDIR /opt/cloister
# The packages come first: their layers stay when only our own code changes. The same two steps as `make install`.
COPY requirements.lock ./
RUN python -m venv .venv \
 && grep '^torch==' requirements.lock >torch.txt \
 && .venv/bin/pip install --quiet ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
      --requirement torch.txt \
 && grep -v '^torch==' requirements.lock | .venv/bin/pip install --quiet --no-deps --requirement /dev/stdin
# Our own code as a wheel: in the image it lies among the packages, and nothing is read from a source tree (decision 34).
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY ingest ingest
RUN .venv/bin/pip install --quiet --no-deps --no-build-isolation . \
 && rm -rf app ingest build torch.txt ./*.egg-info \
 && .venv/bin/pip uninstall --quiet --yes pip

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Cloister" \
      org.opencontainers.image.description="A private knowledge assistant: cited answers from your own documents" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="python:3.11.14-slim-bookworm"
# OpenMP for llama.cpp and the OCR models; tesseract reads scans six times as fast as the OCR in the packages.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgomp1 tesseract-ocr tesseract-ocr-deu \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 cloister \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin cloister \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/cloister \
 && install -d -o 10001 -g 10001 -m 0755 /var/lib/cloister/models
WORKDIR /opt/cloister
COPY --from=build /opt/cloister .
COPY configs configs
COPY sample_docs sample_docs
# Caches of libraries go where HOME is; bytecode was written by pip and cannot be written here.
ENV PATH=/opt/cloister/.venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CLOISTER_DATA_DIR=/var/lib/cloister \
    CLOISTER_SERVER__HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/cloister
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-I", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["cloister", "serve"]
