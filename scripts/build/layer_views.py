"""Make the include path that lets a layer see only the layers below it.

    layer_views.py --view LAYER SOURCE BUILD [LAYER_BELOW ...]

A view is a folder BUILD/visible/LAYER with one link per visible layer folder in SOURCE/src. A header is
included as "wire/tcp.h"; in a view without a link named `wire` that line does not compile.
"""

import pathlib
import sys


def make_view(layer: str, source: pathlib.Path, build: pathlib.Path, below: list[str]) -> None:
    view = build / "visible" / layer
    view.mkdir(parents=True, exist_ok=True)
    wanted = {name: source / "src" / name for name in [*below, layer] if (source / "src" / name).is_dir()}
    for old in view.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name, target in wanted.items():
        link = view / name
        if link.is_symlink() and link.readlink() == target:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(target)


if __name__ == "__main__":
    flag, layer, source, build, *below = sys.argv[1:]
    if flag != "--view":
        sys.exit(__doc__)
    make_view(layer, pathlib.Path(source), pathlib.Path(build), below)
