"""Everything that faces a person: command line, pipeline, dashboard. Reads marts."""
