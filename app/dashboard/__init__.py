"""The dashboard: a Streamlit app over the marts of the current build.

It writes nothing but, where its owner lets it (`dashboard_can_close`), the line that closes a month.
"""

import sys
from pathlib import Path

MAIN = Path(__file__).with_name("main.py")


def command(home: Path, port: int, browser: bool) -> list[str]:
    """The command that serves the dashboard of the warehouse under `home` on `127.0.0.1:port`.

    Run it with `UNITCOST_HOME` set to `home`: the server reads the same settings as every other command.

    Args:
        browser: open a browser window.
    """
    del home  # travels in the environment
    return [
        *(sys.executable, "-m", "streamlit", "run", str(MAIN)),
        *("--server.port", str(port)),
        *("--server.headless", str(not browser).lower()),
    ]
