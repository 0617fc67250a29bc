"""Alembic's entry: runs the steps on the connection that store/engine.py hands over, in its transaction."""

from alembic import context

from aggregator.store.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two processes that start at once take turns.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727767)")
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=False)
context.run_migrations()
