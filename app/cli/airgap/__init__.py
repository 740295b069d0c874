"""`cloister airgap-report`: the whole journey of a service under watch, and every address that was contacted.

`command.py` is the command; `service.py` starts a service in a folder of its own, under strace where there is one;
`journey.py` does over HTTP what people do, `browser.py` in a Chromium; `trace.py` reads what strace wrote, `judge.py`
holds it against the list, and `report.py` writes it down.
"""
