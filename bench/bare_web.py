"""The web libraries alone: FastAPI with an empty Chainlit page mounted, as their tutorials write it."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from chainlit.utils import mount_chainlit
from fastapi import FastAPI


def main() -> None:
    """Serve until stopped."""
    app = FastAPI()

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    with TemporaryDirectory() as folder:
        target = Path(folder) / "empty.py"
        target.write_text("import chainlit\n", encoding="utf-8")
        mount_chainlit(app=app, target=str(target), path="/")
        uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="error")


if __name__ == "__main__":
    main()
