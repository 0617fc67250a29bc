"""The command line: `mpower-stream`. Each command reads its words, calls one function, and says what came of it."""

from __future__ import annotations

from web.commands import finding, lists
from web.commands.database import db
from web.commands.editors import editor
from web.commands.entry import main
from web.commands.export import export
from web.commands.interest import interest
from web.commands.model import model
from web.commands.serve import demo, run, web, worker
from web.commands.sources import collect, sources

sources.add_command(finding.find)
sources.add_command(lists.import_list)
sources.add_command(lists.export_list)
for command in (run, web, worker, demo, collect, sources, editor, model, interest, export, db):
    main.add_command(command)

__all__ = ["main"]
