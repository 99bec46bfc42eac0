"""Why a slip is not on paper."""

from ruko.errors import N_

AWAY = N_("The printer does not answer: please check that it is switched on and connected.")
NO_PAPER = N_("The printer has no paper.")
NOT_READY = N_("The printer is not ready: please check its cover and its lamps.")
BROKE_OFF = N_("The connection broke off while printing: the slip may have been printed.")
RAN_OUT = N_("The paper ran out while printing: the slip may not be whole.")
NO_PACKAGE = N_("Printing needs one more package on the server: pip install 'ruko[printing]'")
FAULT = N_("The slip could not be printed: the server's log says why.")


class Trouble(Exception):
    """A sentence for the staff (a message id), and whether another try can print nothing twice."""

    def __init__(self, sentence: str, *, again: bool = True) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.again = again
