"""Tags: what each is, how often it is refreshed, who answers for it. Which customers a tag holds for is decided in SQL."""

from pipelines.tags.reading import SHIPPED, Tag, read_tags
from pipelines.tags.report import Example, TagRow, TagValue, read_report, read_values
from pipelines.tags.tables import write_tags

__all__ = ["SHIPPED", "Example", "Tag", "TagRow", "TagValue", "read_report", "read_tags", "read_values", "write_tags"]
