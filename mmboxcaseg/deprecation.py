"""Old names that work for one more release, with a warning."""

import functools
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def moved_names(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a module whose names have moved.

    Args:
        module (str): ``__name__`` of the module that had the names.
        homes (Mapping[str, str]): Maps each old name to its new place, either
            ``'module:new_name'`` or, if the name is unchanged, ``'module'``.

    Returns:
        Callable[[str], Any]: A function to be assigned to ``__getattr__`` of
        the module. It warns and returns the object at its new place.
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
    """Make a decorator that accepts keyword arguments by their old names too.

    Args:
        **new_names (str): The new name of each argument, with its old name as
            the key.

    Returns:
        Callable[[Callable], Callable]: The decorator. The decorated function
        warns when it is called with an old name.
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
