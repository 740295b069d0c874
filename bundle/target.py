"""Which machines a bundle is for: those on which every one of its wheels can be loaded."""

import platform
import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.tags import Tag

from bundle.wheels import BundleError, Wheel

# The glibc of the older names (PEP 513, 571, 599).
OLD_NAMES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_")

Glibc = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Target:
    """`abi` is the SOABI of its Python, which also tells machine and C library; `glibc` the oldest that will do."""

    python: str
    abi: str
    machine: str
    glibc: Glibc

    @property
    def name(self) -> str:
        """As it stands in the archive's name."""
        return f"linux-{self.machine}-python{self.python}"

    def as_shell(self) -> str:
        """Lines that install.sh reads."""
        return (
            f"bundle_python='{self.python}'\nbundle_abi='{self.abi}'\nbundle_machine='{self.machine}'\n"
            f"bundle_glibc='{self.glibc[0]}.{self.glibc[1]}'\n"
        )


def describe_target(wheels: Iterable[Wheel]) -> Target:
    """The machines that these wheels, collected on this one, are for. Raises BundleError on anything but Linux."""
    libc, version = platform.libc_ver()
    if sys.platform != "linux" or libc != "glibc":
        raise BundleError("A bundle is made on Linux with glibc, for Linux with glibc; make it on such a machine.")
    major, minor = version.split(".")[:2]
    return Target(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        abi=str(sysconfig.get_config_var("SOABI")),
        machine=platform.machine(),
        glibc=oldest_glibc((wheel.tags for wheel in wheels), here=(int(major), int(minor))),
    )


def oldest_glibc(tags_by_wheel: Iterable[Iterable[Tag]], *, here: Glibc) -> Glibc:
    """The oldest glibc with which every wheel loads. A wheel that was built here asks for the one `here`."""
    needed = (min(_glibc(tag.platform, here) for tag in tags) for tags in tags_by_wheel)
    return max(needed, default=(0, 0))


def _glibc(platform_tag: str, here: Glibc) -> Glibc:
    if platform_tag == "any":
        return (0, 0)
    if found := MANYLINUX.match(platform_tag):
        return int(found[1]), int(found[2])
    return OLD_NAMES.get(platform_tag.split("_")[0], here)
