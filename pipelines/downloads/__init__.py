"""Downloads: what a role may take of the published files, rows and columns. Cuts; whether and how it is written, others decide."""

from pipelines.downloads.cut import Download, prepare
from pipelines.downloads.roles import FILE, Role, read_roles, role_named

__all__ = ["FILE", "Download", "Role", "prepare", "read_roles", "role_named"]
