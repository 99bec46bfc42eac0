"""Making a tablet the kiosk."""

from ruko.web.pairing import pairing_door

bp = pairing_door("kiosk")
