"""From a source to an item that waits for a decision. Knows nothing of editors' pages or the public web."""

import sys
from types import ModuleType


class _Unused(ModuleType):
    """Has whatever is imported from it, and nothing in it."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


# With its connections, SQLAlchemy's asyncio package imports sessions and the whole ORM, of which nothing is used here:
# 6 MB of every process, and 70 ms of its start.
for _name in ("scoping", "session"):
    sys.modules.setdefault(f"sqlalchemy.ext.asyncio.{_name}", _Unused(_name))
