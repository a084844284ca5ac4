"""Packages that only some exports need."""

from __future__ import annotations

import importlib
from types import ModuleType

from pipeline.errors import PipelineError


def import_extra(module: str, package: str, form: str) -> ModuleType:
    """Return an optional module. Raises PipelineError that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PipelineError(
            f"--format {form} needs {package}, which cannot be loaded: {error} (pip install 'variegate[export]')"
        ) from error
