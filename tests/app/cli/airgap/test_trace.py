# ruff: noqa: E501 - lines as strace writes them
"""Lines as strace wrote them on real machines, and what they tell."""

import pytest

from app.cli.airgap.judge import Seen, count_hosts, find_outside
from app.cli.airgap.trace import Contact, name_program, read_question, read_trace
from app.db.columns import utc_now
from app.db.egress_refusals import Refusal
from app.egress.allow_list import Allowed, AllowList

SERVICE = '100 execve("/venv/bin/python3.11", ["/venv/bin/python3.11", "-c", "from app.cli import main; main()", "serve"], 0x7ffe /* 31 vars */) = 0'
THREAD = "100 clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7f10, stack=0x7f00, stack_size=0x7ff}"
QUERY = r"\22\64\1\0\0\1\0\0\0\0\0\0\tcollector\7example\3com\0\0\1\0\1"


def contacts(*lines: str) -> dict[Contact, int]:
    return dict(read_trace([SERVICE, *lines]).contacts)


def test_a_connection_is_told_with_its_process() -> None:
    line = '100 connect(7, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("93.184.216.34")}, 16) = -1 EINPROGRESS (Operation now in progress)'
    assert contacts(line, line) == {Contact("cloister", "93.184.216.34", 443): 2}


def test_ipv6_and_calls_that_were_interrupted_are_told() -> None:
    lines = [
        '100 connect(9, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2606:4700::1111", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>',
        "100 <... connect resumed>) = -1 ENETUNREACH (Network is unreachable)",
        '101 <... sendmmsg resumed>[{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("192.0.2.8")}, msg_namelen=16, msg_iov=[{iov_base="x", iov_len=1}]}, msg_len=1}], 1, MSG_NOSIGNAL) = 1',
    ]
    assert contacts(f"{THREAD} => {{parent_tid=[101]}}, 88) = 101", *lines) == {
        Contact("cloister", "2606:4700::1111", 443): 1,
        Contact("cloister", "192.0.2.8", 9): 1,
    }


def test_unix_sockets_and_the_kernel_are_nobody() -> None:
    lines = [
        '100 connect(5, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)',
        "100 sendto(6, [{nlmsg_len=20, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=1, nlmsg_pid=0}, {ifa_family=AF_UNSPEC, ...}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20",
        '100 sendto(7, "hello", 5, MSG_NOSIGNAL, NULL, 0) = 5',
    ]
    trace = read_trace([SERVICE, *lines])
    assert (trace.contacts, trace.looked_up) == ({}, {})


def test_a_thread_counts_for_its_process_even_if_it_acts_before_its_parent_is_told() -> None:
    lines = [
        f"{THREAD} <unfinished ...>",
        '102 connect(7, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = 0',
        "100 <... clone3 resumed> => {parent_tid=[102]}, 88) = 102",
    ]
    assert contacts(*lines) == {Contact("cloister", "192.0.2.1", 80): 1}


def test_a_program_that_was_started_has_its_own_name() -> None:
    lines = [
        "100 vfork( <unfinished ...>",
        '103 execve("/usr/local/bin/curl", ["curl", "http://x"], 0x7ffe /* 3 vars */) = -1 ENOENT (No such file or directory)',
        '103 execve("/usr/bin/curl", ["curl", "http://x"], 0x7ffe /* 3 vars */ <unfinished ...>',
        "100 <... vfork resumed>) = 103",
        '103 connect(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = 0',
    ]
    assert contacts(*lines) == {Contact("curl", "192.0.2.1", 80): 1}


def test_a_name_that_is_looked_up_is_read_from_the_question() -> None:
    lines = [
        '100 connect(8, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0',
        f'100 sendmmsg(8, [{{msg_hdr={{msg_name=NULL, msg_namelen=0, msg_iov=[{{iov_base="{QUERY}", iov_len=39}}]}}, msg_len=39}}], 1, MSG_NOSIGNAL) = 1',
        f'100 sendto(8, "{QUERY}", 39, MSG_NOSIGNAL, NULL, 0) = 39',
    ]
    assert read_trace([SERVICE, *lines]).looked_up == {("cloister", "collector.example.com"): 2}


def test_what_was_connected_anew_is_no_name_server_any_more() -> None:
    lines = [
        '100 connect(8, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0',
        '100 connect(8, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
        f'100 sendto(8, "{QUERY}", 39, MSG_NOSIGNAL, NULL, 0) = 39',
    ]
    assert not read_trace([SERVICE, *lines]).looked_up


def test_a_helper_of_the_machine_that_looks_names_up_is_noticed() -> None:
    line = '100 connect(5, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0'
    ((_, name),) = read_trace([SERVICE, line]).looked_up
    assert "io.systemd.Resolve" in name


def test_lines_that_are_none_of_ours_are_passed_over() -> None:
    assert not read_trace(["", "+++ exited with 0 +++", "100 --- SIGCHLD {si_signo=SIGCHLD} ---", "\0\1"]).contacts


@pytest.mark.parametrize(
    ("path", "arguments", "name"),
    [
        ("/usr/bin/tesseract", ["tesseract", "-"], "tesseract"),
        ("/v/bin/python", ["python", "-P", "-m", "ingest.sandbox.child", "5"], "ingest.sandbox.child"),
        ("/v/bin/python3.11", ["python3.11", "-I", "/app/espeak_process.py", "x"], "espeak_process.py"),
        ("/v/bin/python", ["python"], "python"),
    ],
)
def test_an_interpreter_is_called_what_it_runs(path: str, arguments: list[str], name: str) -> None:
    assert name_program(path, arguments) == name


@pytest.mark.parametrize(
    "payload", ["", "GET / HTTP/1.1", r"\22\64\201\200\0\1\0\1", '"', r"\22\64\1\0\0\1\0\0\0\0\0\0\377"]
)
def test_what_is_no_question_gives_no_name(payload: str) -> None:
    assert read_question(payload) is None


def outside_of(*lines: str, allow: tuple[str, ...] = ()) -> list[str]:
    allowed = AllowList()
    allowed.put("settings", [Allowed(each, "egress.allow") for each in allow])
    return [each.what for each in find_outside(Seen(trace=read_trace([SERVICE, *lines])), allowed)]


def test_a_name_server_may_be_asked_for_names_of_the_list_and_no_other() -> None:
    lines = [
        '100 connect(8, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16) = 0',
        f'100 sendto(8, "{QUERY}", 39, MSG_NOSIGNAL, NULL, 0) = 39',
    ]
    assert outside_of(*lines, allow=("collector.example.com",)) == []
    assert outside_of(*lines) == ["look-up of collector.example.com", "192.0.2.53:53"]
    assert outside_of(lines[0], allow=("collector.example.com",)) == ["192.0.2.53:53"]


def test_loopback_and_what_is_listed_lie_inside() -> None:
    template = '100 connect(7, {{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("{}")}}, 16) = 0'
    lines = [template.format(each) for each in ("127.0.0.1", "10.1.2.3", "93.184.216.34")]
    assert outside_of(*lines, allow=("10.1.0.0/16",)) == ["93.184.216.34:80"]


def test_refusals_of_the_wall_and_hosts_of_pages_lie_outside() -> None:
    refusal = Refusal("collector.example.com", 443, "unstructured", 3, utc_now(), utc_now())
    pages = count_hosts(
        ["http://127.0.0.1:8000/a", "http://[::1]:8000/", "data:x", "blob:y", "https://fonts.example/a"]
    )
    found = find_outside(Seen(refusals=[refusal], pages=pages), AllowList())
    assert [(each.seen_by, each.what, each.count) for each in found] == [
        ("wall", "collector.example.com:443", 3),
        ("browser", "fonts.example", 1),
    ]
