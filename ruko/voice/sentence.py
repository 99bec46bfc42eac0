"""The words of a call, as clip names in the order in which a display plays them."""

_OPENING = {
    "first": ("chime", "nomor-antrean"),
    "recall": ("chime", "panggilan-ulang", "nomor-antrean"),
    "last": ("chime", "panggilan-terakhir", "nomor-antrean"),
}


def clips(ticket_code: str, kind: str, counter_id: int, bidang_code: str) -> list[str]:
    """“Nomor antrean, A, nol, satu, dua. Silakan menuju, Loket satu, Seksi …”, digit by digit.

    Digits need ten clips and never fail; “A twelve” is heard wrongly.
    """
    spelled = [sign.lower() for sign in ticket_code if sign.isalnum()]
    return [
        *_OPENING[kind],
        *spelled,
        "silakan-menuju",
        f"place-{counter_id}",
        f"bidang-{bidang_code}",
    ]
