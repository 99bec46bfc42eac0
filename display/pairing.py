"""Making a TV the office's display."""

from ruko.web.pairing import pairing_door

bp = pairing_door("display")
