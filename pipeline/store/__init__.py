"""The only place that knows paths and tables: landed bytes, Delta tables, and reading either as of an instant."""
