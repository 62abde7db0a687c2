#!/bin/sh
# Gets the transformers packages that tests/sync.rs reads, unpacked, without installing them. What is there is left alone.
set -eu

folder="${HFGEN_TRANSFORMERS_DIR:-$HOME/.cache/hfgen/wheels}"
mkdir -p "$folder"
for version in 4.49.0 4.57.6 5.23.0; do
    target="$folder/transformers-$version"
    if [ -f "$target/transformers/__init__.py" ]; then
        echo "$target is there"
        continue
    fi
    work=$(mktemp -d "$folder/.fetch-XXXXXX")
    python3 -m pip download --quiet --no-deps --dest "$work" "transformers==$version"
    mkdir "$work/unpacked"
    python3 -m zipfile -e "$work"/transformers-"$version"-*.whl "$work/unpacked"
    rm -rf "$target"
    mv "$work/unpacked" "$target"
    rm -rf "$work"
    echo "$target unpacked"
done
