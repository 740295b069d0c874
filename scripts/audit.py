"""Ask an advisory service about every package of the lock files: `make audit`.

It ends with 0 only when the service was asked about every package and knows nothing of any, with 1 for advisories, and
with 2 where not everything was asked about: `make check` goes on then, and says so.
"""

import json
import subprocess
import sys

FOUND, NOT_CHECKED = 1, 2


def main(service: str, *lock_files: str) -> int:
    """`service`: osv or pypi, as pip-audit knows them. Every lock file names all that it needs."""
    asked = [each for file in lock_files for each in ("--requirement", file)]
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, "--vulnerability-service", service, "--format", "json", *asked], capture_output=True, text=True
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"NOTHING WAS CHECKED: the service {service} did not answer ({reason[:300]}).", file=sys.stderr)
        return NOT_CHECKED
    return judge(packages)


def judge(packages: list[dict]) -> int:
    """The exit code for what was answered about each package, which is printed."""
    skipped = [each for each in packages if "skip_reason" in each]
    affected = [each for each in packages if each.get("vulns")]
    for each in affected:
        for advisory in each["vulns"]:
            mended = ", ".join(advisory["fix_versions"]) or "no release yet"
            print(f"{each['name']} {each['version']}: {advisory['id']}, mended in {mended}")
    for each in skipped:
        print(f"NOT CHECKED: {each['skip_reason']}", file=sys.stderr)
    print(f"{len(packages)} packages: {len(affected)} with advisories, {len(skipped)} not checked.")
    if affected:
        return FOUND
    return NOT_CHECKED if skipped or not packages else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
