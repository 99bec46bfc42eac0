"""The system's own voice, `espeak-ng`.

`python -m tests.speech` prints where it is, or exits with 1.
"""

import shutil
import sys


class SpeechMissing(Exception):
    """No voice on this machine."""


def find_espeak() -> str:
    path = shutil.which("espeak-ng")
    if path is None:
        raise SpeechMissing("espeak-ng is not installed (Debian: apt install espeak-ng).")
    return path


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_espeak()}\n")
    except SpeechMissing as missing:
        sys.exit(str(missing))
