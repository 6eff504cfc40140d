"""Tags: what each is, how often it is refreshed, who answers for it. Which customers a tag holds for is decided in SQL."""

from pipelines.tags.reading import SHIPPED, Tag, read_tags
from pipelines.tags.tables import write_tags

__all__ = ["SHIPPED", "Tag", "read_tags", "write_tags"]
