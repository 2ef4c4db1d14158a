"""The import direction of the rooms is a test as well as a linter's job."""

from pathlib import Path

from importlinter.cli import lint_imports


def test_every_import_points_downwards():
    assert lint_imports(config_filename=str(Path(__file__).parents[2] / "pyproject.toml"), no_cache=True) == 0
