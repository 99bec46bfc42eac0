"""How a rule's refusal is shown in a form."""

from wtforms import Form

from ruko import words
from ruko.errors import Invalid


def show_at_field(form: Form, error: Invalid) -> bool:
    """Put the refusal at the field it names; False when the form has no such field."""
    if error.field not in form:
        return False
    form[error.field].errors = [words.sentence(error)]
    return True
