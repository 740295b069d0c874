#!/bin/sh
# Makes the secrets that docker-compose.yml names, each a file below secrets/. What is there already is left alone, so it
# may be run again after an upgrade. A certificate of your own goes to secrets/tls_certificate.pem (with its chain) and
# secrets/tls_key.pem; without one this makes a certificate that browsers warn of:
#   scripts/make-secrets.sh [name that people open, for the certificate]
set -eu
cd "$(dirname "$0")/.."
name=${1:-localhost}
# Containers run as users of their own and read these files as they are, so the files are open and the folder is closed.
mkdir -p secrets
chmod 700 secrets
umask 022

random() {
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# Whole or not at all: a file that ended half-way would be believed for good.
keep() {
  [ -e "secrets/$1" ] && return
  printf '%s\n' "$2" >"secrets/.$1.part"
  mv "secrets/.$1.part" "secrets/$1"
  echo "Made secrets/$1"
}

for each in server_secret postgres_password qdrant_api_key llm_api_key searxng_secret firecrawl_password firecrawl_queue_key; do
  keep "$each" "$(random)"
done
keep database_url "postgresql+psycopg://cloister:$(cat secrets/postgres_password)@postgres:5432/cloister"
keep qdrant_settings.yaml "service: {api_key: \"$(cat secrets/qdrant_api_key)\"}"

if [ ! -e secrets/tls_certificate.pem ] && [ ! -e secrets/tls_key.pem ]; then
  if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
      -keyout secrets/tls_key.pem -out secrets/tls_certificate.pem 2>/dev/null
    chmod 644 secrets/tls_key.pem
    echo "Made secrets/tls_certificate.pem for $name. It is signed by itself: put your own there before people use it."
  else
    echo "There is no openssl here: put a certificate into secrets/tls_certificate.pem and secrets/tls_key.pem for profile tls." >&2
  fi
fi
