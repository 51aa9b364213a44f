"""The only place that knows paths and tables: landed bytes, Delta tables, both read as of any instant."""
