"""The same models on Apache Spark, over the same landing: `unitcost build --target spark`.

Spark is asked for by those who have it; it is the extra `spark` and needs Java 17. A build on Spark is whole (Parquet
tables cannot delete days) and is nobody's served build: its marts are Parquet tables below `$UNITCOST_HOME/spark/`.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import dbt_build, pipeline
from app.dbt_build import BuildError
from app.settings import Settings
from ingest.ledger import Ledger
from ingest.raw import spark_views
from ingest.sources import discover

if TYPE_CHECKING:
    from collections.abc import Mapping


def session(folder: Path, **more: str) -> Any:
    """A local Spark with an empty catalogue in memory, whose tables lie below `folder`.

    Args:
        more: further Spark settings, dots written as two underscores.

    Raises:
        BuildError: pyspark, dbt-spark or Java is not there.
    """
    if find_spec("pyspark") is None or find_spec("dbt.adapters.spark") is None:
        raise BuildError("Spark is not installed: pip install --require-hashes -r requirements-spark.lock")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise BuildError("Spark needs Java 17, and there is no java on the path")
    from pyspark.sql import SparkSession  # noqa: PLC0415 - not installed without the extra `spark`

    settings: Mapping[str, object] = {
        "spark.master": "local[2]",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": folder / "scratch",
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": folder / "tables",
        "spark.sql.shuffle.partitions": 2,
        # one task a day is for object storage; here the driver lists folders faster itself
        "spark.sql.sources.parallelPartitionDiscovery.threshold": 100_000,
        "spark.sql.parquet.outputTimestampType": "INT96",  # what DuckDB reads as a timestamp without a zone
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    builder = SparkSession.builder.appName("unitcost")
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    return builder.getOrCreate()


def build(settings: Settings) -> Path:
    """Build and test every model on Spark; return the folder of the marts. Call inside `pipeline.writer`.

    Raises:
        BuildError: Spark is not there, or a model or test failed; the message names it.
    """
    folder = (settings.home / "spark").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    sources = discover()
    with Ledger(settings.home) as ledger:
        pipeline.learn_prices(ledger, settings)
        files, accounts = ledger.active_files(), ledger.accounts()
    spark = session(folder)
    try:
        spark_views.create_views(spark, sources.values(), files, settings.home, accounts)
        dbt_build.run(
            "spark",
            settings.home,
            sources,
            landed={file["table_name"] for file in files},
            reporting_currency=settings.reporting_currency,
            full=True,
        )
    finally:
        spark.stop()
    return folder / "tables" / "marts.db"
