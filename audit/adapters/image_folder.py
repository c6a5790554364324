"""A folder of image files, through the image folder builder of `datasets`."""

from __future__ import annotations

from pathlib import Path

import datasets
from datasets import Dataset
from datasets.packaged_modules.imagefolder.imagefolder import ImageFolder

from audit.adapters.options import TableOptions
from audit.adapters.references import local_file
from audit.adapters.tables import reading
from audit.errors import DataError, did_you_mean

IMAGE, LABEL = "image", "label"
# Names that `datasets` takes for splits; here a split is a folder, and never a part of a file name.
SPLITS = ("train", "training", "test", "testing", "eval", "evaluation", "validation", "valid",
          "val", "dev")  # fmt: skip
ONE = "rows"


def load(ref: str, options: TableOptions, *, base: Path) -> Dataset:
    """Load the images of a folder and of the folders in it.

    The column ``image`` holds the images, and ``label`` the name of the folder that each lies in
    where there are several. The columns of a ``metadata.csv`` (or ``.jsonl``, ``.parquet``), whose
    ``file_name`` is relative to it, come beside these; then only images that it names are rows.
    ``split:`` names one of the folders; nothing else of the folder is read then.

    Raises
    ------
    DataError
        If the folder is not there, holds no image, or holds several splits and none is named.
    """
    folder = chosen(local_file(ref, base, DataError), ref, options.split)
    if not any(path.suffix.lower() in ImageFolder.EXTENSIONS for path in folder.rglob("*")):
        raise DataError(f'"{ref}" holds no image', where=str(folder))
    with reading(ref):
        found = datasets.load_dataset(
            "imagefolder", data_dir=str(folder), data_files={ONE: "**"}, split=ONE
        )
    return found if LABEL in found.column_names else labelled(found)


def chosen(folder: Path, ref: str, split: str) -> Path:
    """Return the folder of one split.

    Raises
    ------
    DataError
        If there is no such folder, or one has to be chosen.
    """
    if not folder.is_dir():
        raise DataError(f'"{ref}" is not a folder', hint="imagefolder:... names a folder of images")
    inner = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if split and split not in inner:
        raise DataError(
            f'"{ref}" has no folder "{split}"',
            where="folders: " + (", ".join(inner) or "none"),
            hint=did_you_mean(split, inner) if inner else "leave split: out",
            exit_code=2,
        )
    splits = [name for name in inner if name in SPLITS]
    if splits and not split:
        raise DataError(
            f'"{ref}" holds several splits' if len(splits) > 1 else f'"{ref}" holds a split',
            where="folders: " + ", ".join(splits),
            hint="name one with split:",
            exit_code=2,
        )
    return folder / split


def labelled(found: Dataset) -> Dataset:
    """Add the name of the folder that each image lies in, where there are several."""
    paths = found.with_format("arrow")[:][IMAGE].combine_chunks().field("path").to_pylist()
    names = [Path(path).parent.name for path in paths]
    return found.add_column(LABEL, names) if len(set(names)) > 1 else found
