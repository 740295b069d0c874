"""Makes the offline bundle: one archive from which a machine without a network installs Cloister.

`python -m bundle` (or `make bundle`) collects the wheels, says what is in them (SBOM) and writes the archive;
`install.sh` and `README.md` of this folder travel inside it.
"""
