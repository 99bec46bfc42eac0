"""The voice of the waiting room: the words of a call, and the clips that speak them."""

from ruko.voice.models import Clip, VoiceChanged
from ruko.voice.recording import Covered, coverage, keep_clip, recorded, remove_clip
from ruko.voice.sentence import clips
from ruko.voice.sound import MOST_BYTES, Sound, chime, read_wav
from ruko.voice.speech import can_speak, speak, speech_trouble
from ruko.voice.wanted import CHIME, Wanted, catalogue

__all__ = [
    "CHIME",
    "MOST_BYTES",
    "Clip",
    "Covered",
    "Sound",
    "VoiceChanged",
    "Wanted",
    "can_speak",
    "catalogue",
    "chime",
    "clips",
    "coverage",
    "keep_clip",
    "read_wav",
    "recorded",
    "remove_clip",
    "speak",
    "speech_trouble",
]
