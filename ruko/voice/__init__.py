"""The voice of the waiting room: the words of a call, and the clips that speak them."""

from ruko.voice.models import Clip, VoiceChanged
from ruko.voice.sentence import clips

__all__ = ["Clip", "VoiceChanged", "clips"]
