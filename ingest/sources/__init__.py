"""Every source, found by the presence of its file here."""

import importlib
import pkgutil

from ingest.source import Source


def discover() -> dict[str, Source]:
    """All sources by name. A module without a `SOURCE` of its own name is a mistake and raises."""
    sources: dict[str, Source] = {}
    for module_info in pkgutil.iter_modules(__path__):
        source = importlib.import_module(f"{__name__}.{module_info.name}").SOURCE
        if not isinstance(source, Source) or source.name != module_info.name:
            raise TypeError(
                f"ingest/sources/{module_info.name}.py must define SOURCE = Source(name={module_info.name!r}, …)"
            )
        sources[source.name] = source
    return sources
