"""What runs first inside each child process: it ends the child when the parent is gone, however the parent went.

`python -m correlator.scheduling.parent_watch FD MODULE ARGUMENT...` runs MODULE as `__main__`. FD is the reading end of
a pipe that the parent holds open and never writes to: its end of file is the parent's end, also after a kill -9.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

GRACE_SECONDS: Final = 10.0


def end_with_parent(descriptor: int) -> None:
    """Wait for the end of file, then end this process group: first politely, then not."""
    os.read(descriptor, 1)
    os.killpg(os.getpgrp(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    """Start the watch, then become the module."""
    descriptor, module, *arguments = sys.argv[1:]
    threading.Thread(target=end_with_parent, args=(int(descriptor),), name="leash", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
