"""Destinations: the rows of a list as the file that another system takes. Reads no table and writes no file: rows in, bytes out."""

from pipelines.publish.destinations.checking import check_destinations
from pipelines.publish.destinations.layout import Consent, Layout, Listed
from pipelines.publish.destinations.making import File, files, layout_of

__all__ = ["Consent", "File", "Layout", "Listed", "check_destinations", "files", "layout_of"]
