"""How the command fails: in one sentence, never with a stack trace."""

import sys
from typing import Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError
from sqlalchemy.exc import DBAPIError

from ruko.backup import BackupError
from ruko.errors import RukoError
from ruko.schema import NewerDatabase
from ruko.settings import SettingsError


class Sentences(click.Group):
    """A group whose failures are one sentence on stderr."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command and leave the program, as click's own does."""
        try:
            sys.exit(super().main(*args, **kwargs | {"standalone_mode": False}))
        except NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(1)
        except click.ClickException as error:
            _refuse(error.format_message(), error.exit_code)
        except (RukoError, SettingsError, NewerDatabase, BackupError) as error:
            _refuse(str(error))
        except UnicodeDecodeError:
            _refuse("What was read is not UTF-8 text.")
        except DBAPIError as error:
            _refuse(f"The database did not answer: {_first_line(error.orig)}.")
        except OSError as error:
            _refuse(f"{error.filename}: {error.strerror}." if error.filename else str(error))


def _refuse(sentence: str, code: int = 1) -> NoReturn:
    click.echo(f"Error: {' '.join(sentence.split())}", err=True)  # click breaks some lines
    sys.exit(code)


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
