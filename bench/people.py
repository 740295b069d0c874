"""People who ask over the API and read what streams back, with a while of thought in between. Run by locust:

`locust --headless -f bench/people.py …` in a process of its own, for locust changes how Python waits. What they felt is
written to the file that BENCH_FELT names: JSON, milliseconds by what they waited for, and what went wrong.
"""

import json
import os
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events, task

felt: dict[str, list[float]] = defaultdict(list)
errors: Counter[str] = Counter()


class Person(HttpUser):
    """Asks, waits for the passages, the first words and the end, and thinks."""

    wait_time = between(*map(float, os.environ["BENCH_THINKS_S"].split(",")))

    def on_start(self) -> None:
        """Nobody asks in step with the others."""
        self._chance = random.Random()
        self._questions: list[str] = json.loads(Path(os.environ["BENCH_QUESTIONS"]).read_text("utf-8"))
        time.sleep(self._chance.uniform(0, 2))

    @task
    def ask(self) -> None:
        """One question to its end."""
        began = time.perf_counter()
        seen: set[str] = set()
        body = {"query": self._chance.choice(self._questions), "knowledge_bases": ["bench"]}
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
        request: Any = self.client.post("/api/v1/ask", json=body, headers=headers, stream=True, catch_response=True)
        with request as answer:
            if answer.status_code != 200:
                errors[f"status {answer.status_code}"] += 1
                return
            for line in answer.iter_lines():
                name = line.decode().removeprefix("event: ") if line.startswith(b"event: ") else ""
                if name and name not in seen:
                    seen.add(name)
                    felt[name].append(1000 * (time.perf_counter() - began))
                if line.startswith(b"data: ") and "answer" in seen:
                    felt["retrieval"].append(json.loads(line[6:])["timings_ms"]["retrieve"])
                    felt["first token"].append(json.loads(line[6:])["timings_ms"]["first_token"])
        if "error" in seen or "answer" not in seen:
            errors["error in the stream" if "error" in seen else "cut off"] += 1
        elif "piece" not in seen:
            errors["no word of the model"] += 1


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def keep(environment: Any, **_: Any) -> None:
    """Write down what everybody felt."""
    failed = {
        f"{each.method} {each.name}: {each.error}": each.occurrences for each in environment.stats.errors.values()
    }
    # Whoever is in the middle of an answer when time is up has no error.
    kept = {"felt": felt, "errors": {**errors, **failed}}
    Path(os.environ["BENCH_FELT"]).write_text(json.dumps(kept), encoding="utf-8")
