"""dbt without what it makes for each node and nobody here reads: a small build takes a fifth less, and 140 MiB less.

Each of these replaces a function of dbt's (or of what it is built on) for as long as one run lasts.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any


@contextmanager
def lean_dbt() -> Iterator[None]:
    """All of them: a run of dbt within says and builds the same."""
    with ExitStack() as replaced:
        for lean in (
            without_debug_events,
            parsed_for_any_build,
            contexts_end_with_their_node,
            macros_by_name,
            nodes_chosen_once,
            calendars_made_once,
        ):
            replaced.enter_context(lean())
        yield


@contextmanager
def without_debug_events() -> Iterator[None]:
    """Each is made a protobuf message, in Python, whoever hears it."""
    from dbt_common.events.base_types import BaseEvent, DebugLevel  # noqa: PLC0415 - three seconds of imports
    from dbt_common.events.event_manager import EventManager  # noqa: PLC0415

    init, fire = BaseEvent.__init__, EventManager.fire_event

    def init_heard(event: BaseEvent, *told: Any, **more: Any) -> None:
        if not isinstance(event, DebugLevel):
            init(event, *told, **more)

    def fire_heard(manager: EventManager, event: BaseEvent, *told: Any, **more: Any) -> None:
        if not isinstance(event, DebugLevel):
            fire(manager, event, *told, **more)

    with _replaced(BaseEvent, "__init__", init_heard), _replaced(EventManager, "fire_event", fire_heard):
        yield


@contextmanager
def parsed_for_any_build() -> Iterator[None]:
    """For another connection dbt parses everything anew; of ours the path differs, of which nothing parsed knows."""
    from dbt.adapters.contracts.connection import Credentials  # noqa: PLC0415 - three seconds of imports

    told = Credentials.connection_info

    def told_but_the_path(credentials: Credentials, *, with_aliases: bool = False) -> Iterator[tuple[str, Any]]:
        # with aliases it is what models know as `target`
        pairs = told(credentials, with_aliases=with_aliases)
        return (pair for pair in pairs if with_aliases or pair[0] != "path")

    with _replaced(Credentials, "connection_info", told_but_the_path):
        yield


@contextmanager
def contexts_end_with_their_node() -> Iterator[None]:
    """What a node may name, twice 700 macros, refers to itself: without Python's collector it would stay to the end."""
    from dbt.context.providers import ModelContext  # noqa: PLC0415 - three seconds of imports
    from dbt.task.base import BaseRunner  # noqa: PLC0415

    run: Any = BaseRunner.run_with_hooks
    to_dict: Callable[[ModelContext], dict[str, Any]] = ModelContext.to_dict
    made: dict[str, list[dict[str, Any]]] = {}  # of the nodes that are being run

    def to_dict_kept(context: ModelContext) -> dict[str, Any]:
        named = to_dict(context)
        if context.model.unique_id in made:
            made[context.model.unique_id].append(named)
        return named

    def run_and_forget(runner: BaseRunner, *told: Any) -> Any:
        made[runner.node.unique_id] = []
        try:
            return run(runner, *told)
        finally:
            for named in made.pop(runner.node.unique_id):
                named.clear()

    with _replaced(ModelContext, "to_dict", to_dict_kept), _replaced(BaseRunner, "run_with_hooks", run_and_forget):
        yield


@contextmanager
def macros_by_name() -> Iterator[None]:
    """For each node dbt sorts 700 macros one by one, and looks each up in five dictionaries to name it."""
    from dbt.clients.jinja import MacroGenerator  # noqa: PLC0415 - three seconds of imports
    from dbt.context.macros import MacroNamespaceBuilder  # noqa: PLC0415
    from dbt.exceptions import PackageNotFoundForMacroError  # noqa: PLC0415
    from dbt.include.global_project import PROJECT_NAME  # noqa: PLC0415

    class Called(MacroGenerator):
        """A macro that a node may call; dbt's own is made in three steps."""

        def __init__(self, macro: Any, context: dict[str, Any], builder: MacroNamespaceBuilder) -> None:
            self.macro, self.context = macro, context
            self.node, self.stack = builder.node, builder.thread_ctx

    class ByName(dict[str, Any]):
        """A MacroNamespace that is a dictionary."""

        packages: dict[str, dict[str, Any]]

        def get_from_package(self, package: str | None, name: str) -> Any:
            if package is None:
                return self.get(name)
            if package not in self.packages:
                raise PackageNotFoundForMacroError(package)
            return self.packages[package].get(name)

    def build_by_name(builder: MacroNamespaceBuilder, macros: dict[str, dict[str, Any]], context: Any) -> ByName:
        def called(package: str) -> dict[str, Any]:
            return {name: Called(macro, context, builder) for name, macro in macros.get(package, {}).items()}

        ours = {package: called(package) for package in macros if package not in builder.internal_package_names}
        dbts: dict[str, Any] = {}
        for package in reversed(builder.internal_package_names_order):
            dbts |= called(package)
        nearest = ours.get(builder.root_package, {}) | ours.get(builder.search_package, {})
        named = ByName(dbts | {PROJECT_NAME: dbts} | ours | nearest)
        named.packages = {**ours, PROJECT_NAME: dbts}
        return named

    with _replaced(MacroNamespaceBuilder, "build_namespace", build_by_name):
        yield


@contextmanager
def nodes_chosen_once() -> Iterator[None]:
    """Nodes are chosen three times: with unit tests, without, and to be put in order; each word looks at each node.

    And a word that is said of each of several others, as `config.materialized:table`, as often again.
    """
    from dbt.graph.selector import NodeSelector  # noqa: PLC0415 - three seconds of imports

    choose: Any = NodeSelector.select_nodes_recursively
    chosen: dict[str, tuple[Any, Any]] = {}

    def choose_once(selector: NodeSelector, spec: Any, *told: Any, **more: Any) -> Any:
        said = repr(spec)  # of a word all that it says; of several the address, which stays theirs while they are kept
        if said in chosen:
            return chosen[said][1]
        nodes = choose(selector, spec, *told, **more)
        if any(nodes):  # else it says so, the third time
            chosen[said] = spec, nodes
        return nodes

    with _replaced(NodeSelector, "select_nodes_recursively", choose_once):
        yield


@contextmanager
def calendars_made_once() -> Iterator[None]:
    """Every result of a query is made a table of agate, each with four calendars to read dates by."""
    import parsedatetime  # noqa: PLC0415 - comes with dbt

    with _replaced(parsedatetime, "Constants", cache(parsedatetime.Constants)):
        yield


@contextmanager
def _replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    own = vars(owner).get(name)  # None: it is inherited
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
