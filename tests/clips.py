"""Short sounds for tests: WAV files made of one plain tone, or of nothing."""

import io
import math
import struct
import wave

LOUDNESS = 12_000


def a_wav(
    milliseconds: int = 300,
    hertz: float = 440,
    *,
    rate: int = 16_000,
    channels: int = 1,
    loudness: int = LOUDNESS,
) -> bytes:
    """A tone as a WAV file, PCM 16 bit; with `loudness=0` it is silent."""
    turn = 2 * math.pi * hertz / rate
    samples = (round(loudness * math.sin(turn * n)) for n in range(rate * milliseconds // 1000))
    frames = b"".join(struct.pack("<h", sample) * channels for sample in samples)
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames)
    return content.getvalue()
