#!/usr/bin/env python3
"""The objects compiled for a newer instruction set define nothing but their tables: no weak symbol, no global function.

Usage: kernel_symbols.py NM LIBRARY...
"""
import subprocess
import sys

nm, libraries = sys.argv[1], sys.argv[2:]
faults = []
tables = 0
for library in libraries:
    listing = subprocess.run([nm, "--demangle", "--defined-only", library], check=True, capture_output=True, text=True)
    for line in listing.stdout.splitlines():
        fields = line.split(maxsplit=2)
        if len(fields) != 3 or len(fields[1]) != 1:
            continue
        kind, name = fields[1], fields[2]
        if kind in "DR" and name.startswith("handsel::crypto::k") and name.endswith("Kernels"):
            tables += 1
        elif kind.isupper() or kind in "uvw":
            faults.append(f"{library}: {kind} {name}")
if tables == 0:
    faults.append("no kernel table was found: is this the right library?")
print("\n".join(faults) or f"{tables} tables, nothing else is exported")
sys.exit(1 if faults else 0)
