"""Old names that work for one more release, with a warning."""

import functools
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def moved_names(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` for names that have moved.

    Args:
        module (str): ``__name__`` of the module.
        homes (Mapping[str, str]): ``'module:name'`` or, where the name is the
            same, ``'module'``, by old name.

    Returns:
        Callable: To be assigned to ``__getattr__`` of the module.
    """

    def getattr_(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f'module {module!r} has no attribute {name!r}')
        home, _, new = homes[name].partition(':')
        new = new or name
        warnings.warn(
            f'{module}.{name} is deprecated; it is {home}.{new} now',
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(import_module(home), new)

    return getattr_


def renamed_arguments(**new_names: str) -> Callable[[Callable], Callable]:
    """A decorator that takes keyword arguments under their old names too.

    Args:
        **new_names (str): New names by old ones.

    Returns:
        Callable: The decorator.
    """

    def decorate(function: Callable) -> Callable:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for old in new_names.keys() & kwargs.keys():
                warnings.warn(
                    f'the argument {old!r} of {function.__qualname__} is '
                    f'called {new_names[old]!r} now',
                    DeprecationWarning,
                    stacklevel=2,
                )
                kwargs[new_names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return decorate
