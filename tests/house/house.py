"""Checks that the house is in order, and says so in TAP (the Test Anything Protocol).

    house.py --source DIR --build DIR -- COMPILER…

The layers' include views are tried with the real compiler; the other checks read files.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Which layers a layer may see. meson.build says the same; the two are compared.
SEES = {
    "base": [],
    "wire": ["base"],
    "tcp": ["base", "wire"],
    "crypto": ["base"],
    "tls": ["base", "crypto"],
    "flow": ["base", "wire", "tcp", "crypto", "tls"],
    "service": ["base", "wire", "tcp", "crypto", "tls", "flow"],
    "engine": ["base", "wire", "tcp", "crypto", "tls", "flow", "service"],
    "dpdk": ["base", "wire", "tcp", "crypto", "tls", "flow", "service", "engine"],
    "apps": ["base", "wire", "tcp", "crypto", "tls", "flow", "service", "engine", "dpdk"],
}
LINES_MAX = 450
CODE_FOLDERS = ("src", "include", "apps", "tests")
CODE_SUFFIXES = (".cc", ".h", ".inl")


class House:
    def __init__(self, source: pathlib.Path, build: pathlib.Path, compiler: list[str]):
        self.source = source
        self.build = build
        self.compiler = compiler

    def files(self, *suffixes: str, under: tuple[str, ...] = CODE_FOLDERS) -> list[pathlib.Path]:
        found = (path for folder in under for path in (self.source / folder).rglob("*") if path.is_file())
        return sorted(path for path in found if path.suffix in suffixes)

    def relative(self, path: pathlib.Path) -> str:
        return str(path.relative_to(self.source))

    def lines_matching(self, pattern: str, paths: list[pathlib.Path]) -> list[str]:
        expression = re.compile(pattern)
        return [
            f"{self.relative(path)}:{number}: {line.strip()}"
            for path in paths
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
            if expression.search(line)
        ]

    # Layers

    def compiles(self, layer: str, header: str) -> tuple[bool, str]:
        """Whether a file of `layer` that includes `header` compiles with that layer's include path alone."""
        with tempfile.TemporaryDirectory() as folder:
            probe = pathlib.Path(folder) / "probe.cc"
            probe.write_text(f'#include "{header}"\n')
            run = subprocess.run(
                [*self.compiler, "-std=c++23", "-fsyntax-only", "-I", str(self.build / "visible" / layer),
                 "-I", str(self.source / "include"), str(probe)],
                capture_output=True, text=True, check=False)
        return run.returncode == 0, run.stderr

    def any_header(self, layer: str) -> str | None:
        """A header of the layer that needs nothing but what every build has."""
        names = sorted(path.name for path in (self.source / "src" / layer).glob("*.h"))
        return f"{layer}/{names[0]}" if names else None

    def layer_table_agrees(self) -> list[str]:
        text = (self.source / "meson.build").read_text()
        table = re.search(r"layer_sees = \{(.*?)\n\}", text, re.DOTALL)
        if not table:
            return ["meson.build has no layer_sees"]
        built = {
            name: re.findall(r"'(\w+)'", below) for name, below in re.findall(r"'(\w+)': \[(.*?)\]", table[1])
        }
        return [f"{name}: meson.build {built.get(name)}, here {SEES.get(name)}"
                for name in {*built, *SEES} if built.get(name) != SEES.get(name)]

    def upward_include_fails(self, layer: str) -> list[str]:
        """Every layer that `layer` may not see is out of its reach."""
        faults = []
        for other in SEES:
            header = self.any_header(other) if other not in ("apps", layer, *SEES[layer]) else None
            if header is None:
                continue
            compiled, errors = self.compiles(layer, header)
            if compiled:
                faults.append(f"{layer} can include {header}")
            elif not re.search(re.escape(header) + r".*(No such file|file not found)", errors):
                faults.append(f"{layer} with {header} fails for another reason: {errors.splitlines()[:1]}")
        return faults

    def downward_include_works(self) -> list[str]:
        """The control: the probe compiles where it should, so that the failures above mean something."""
        faults = []
        for layer, below in SEES.items():
            if "base" not in below:
                continue
            compiled, errors = self.compiles(layer, "base/bytes.h")
            if not compiled:
                faults.append(f"{layer} cannot include base/bytes.h: {errors}")
        return faults

    def view_holds_what_it_should(self) -> list[str]:
        faults = []
        for layer, below in SEES.items():
            held = {path.name for path in (self.build / "visible" / layer).iterdir()}
            allowed = {name for name in (*below, layer) if (self.source / "src" / name).is_dir()}
            if held != allowed:
                faults.append(f"{layer}: sees {sorted(held)}, should see {sorted(allowed)}")
        return faults

    # Files

    def dpdk_stays_in_its_layer(self) -> list[str]:
        paths = [path for path in self.files(*CODE_SUFFIXES, under=("src", "include", "apps"))
                 if not path.is_relative_to(self.source / "src" / "dpdk")]
        return self.lines_matching(r"#\s*include\s*[<\"]rte_", paths)

    def no_parent_includes(self) -> list[str]:
        return self.lines_matching(r"#\s*include\s*[<\"][^>\"]*\.\./", self.files(*CODE_SUFFIXES))

    def headers_are_guarded(self) -> list[str]:
        return [self.relative(path) for path in self.files(".h")
                if "#pragma once" not in path.read_text().splitlines()[:3]]

    def versions_agree(self) -> list[str]:
        """meson.build, the public header and the newest release in the change log."""
        build = re.search(r"version: '([^']+)'", (self.source / "meson.build").read_text())[1]
        header = re.search(r'kVersion = "([^"]+)"', (self.source / "include/handsel/version.h").read_text())[1]
        released = re.search(r"^## \[(\d[^]]*)\]", (self.source / "CHANGELOG.md").read_text(), re.MULTILINE)
        told = {build, header} | ({released[1]} if released else set())
        return [f"versions differ: {sorted(told)}"] if len(told) > 1 else []

    def files_are_rooms(self) -> list[str]:
        paths = self.files(*CODE_SUFFIXES, ".py", under=(*CODE_FOLDERS, "scripts"))
        counted = ((path, len(path.read_text(errors="replace").splitlines())) for path in paths)
        return [f"{self.relative(path)}: {count} lines" for path, count in counted if count > LINES_MAX]

    def nothing_is_left_undone(self) -> list[str]:
        paths = self.files(*CODE_SUFFIXES, ".py", ".sh", ".build", under=(*CODE_FOLDERS, "scripts"))
        paths += [path for path in (self.source / "scripts").iterdir() if path.is_file()]
        words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
        return self.lines_matching(rf"\b({words})\b", paths)

    def every_source_is_built(self) -> list[str]:
        """Compiled in this build folder, or at least named by a meson.build for one with other options."""
        commands = json.loads((self.build / "compile_commands.json").read_text())
        compiled = {(pathlib.Path(each["directory"]) / each["file"]).resolve() for each in commands}
        named = "".join(path.read_text() for folder in CODE_FOLDERS for path in (self.source / folder).rglob("meson.build"))
        return [self.relative(path) for path in self.files(".cc")
                if path.resolve() not in compiled and f"'{path.name}'" not in named and f"'{path.stem}'" not in named]

    def formatted(self) -> list[str]:
        tool = shutil.which("clang-format-19")
        if tool is None:
            return ["clang-format-19 is not installed: scripts/setup"]
        paths = self.files(".cc", ".h")
        run = subprocess.run([tool, "--dry-run", "-Werror", "--ferror-limit=1", *map(str, paths)], cwd=self.source,
                             capture_output=True, text=True, check=False)
        return sorted({line.split(":")[0].removeprefix(f"{self.source}/")
                       for line in run.stderr.splitlines() if "error:" in line})

    # Scripts

    def scripts(self) -> list[pathlib.Path]:
        paths = [path for folder in ("scripts", ".ci", "tests/interop")
                 for path in (self.source / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        return [path for path in paths if path.suffix == ".sh" or path.read_bytes()[:2] == b"#!"]

    def scripts_parse(self) -> list[str]:
        faults = []
        for path in self.scripts():
            if path.suffix != ".sh" and b"bash" not in path.read_bytes().split(b"\n")[0]:
                continue
            run = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)
            if run.returncode != 0:
                faults.append(run.stderr.strip())
        return faults

    def scripts_are_executable(self) -> list[str]:
        return [self.relative(path) for path in self.scripts()
                if (path.read_bytes()[:2] == b"#!") != os.access(path, os.X_OK)]

    def packages_have_reasons(self) -> list[str]:
        lines = (self.source / "scripts" / "packages").read_text().splitlines()
        return [line for line in lines
                if line and not line.startswith("#") and not re.match(r"(build|run|demo|test) +[a-z0-9.+-]+ +\S", line)]

    def checks(self):
        yield "the layers of meson.build are the layers of this test", self.layer_table_agrees
        yield "each include view holds the layers it may see", self.view_holds_what_it_should
        yield "an include of a layer below compiles", self.downward_include_works
        for layer in SEES:
            if layer not in ("apps", "dpdk"):  # nothing with a header lies above these
                yield f"an include from {layer} of a layer above it does not compile", \
                    lambda layer=layer: self.upward_include_fails(layer)
        yield "DPDK's headers are included in src/dpdk only", self.dpdk_stays_in_its_layer
        yield "no include climbs out of its folder", self.no_parent_includes
        yield "every header guards itself", self.headers_are_guarded
        yield "the version is the same everywhere", self.versions_agree
        yield f"no file is longer than {LINES_MAX} lines", self.files_are_rooms
        yield "nothing is marked as left undone", self.nothing_is_left_undone
        yield "every source file is part of the build", self.every_source_is_built
        yield "the code is formatted by clang-format 19", self.formatted
        yield "every shell script parses", self.scripts_parse
        yield "what starts with #! is executable, and nothing else is", self.scripts_are_executable
        yield "every package in scripts/packages has a group and a reason", self.packages_have_reasons


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    checks = list(House(arguments.source, arguments.build, arguments.compiler).checks())
    print(f"1..{len(checks)}")
    failed = 0
    for number, (name, check) in enumerate(checks, 1):
        faults = check()
        failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {name.replace('#', '')}")
        for fault in faults:
            print(f"{name}: {fault}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
