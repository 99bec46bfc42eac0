"""Printing numbers: printers, and one job per slip. A number never waits for its paper."""

from ruko.printing.addresses import Address, read_address
from ruko.printing.jobs import (
    JobView,
    SlipQueued,
    find_job,
    jobs_of,
    queue_beside,
    queue_slip,
    reprint,
    troubled_jobs,
)
from ruko.printing.models import JobState, Printer, PrintJob
from ruko.printing.printers import (
    add_printer,
    all_printers,
    find_printer,
    printer_of,
    remove_printer,
)

__all__ = [
    "Address",
    "JobState",
    "JobView",
    "PrintJob",
    "Printer",
    "SlipQueued",
    "add_printer",
    "all_printers",
    "find_job",
    "find_printer",
    "jobs_of",
    "printer_of",
    "queue_beside",
    "queue_slip",
    "read_address",
    "remove_printer",
    "reprint",
    "troubled_jobs",
]
