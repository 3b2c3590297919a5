#!/usr/bin/env python3
"""Plants the fault that a .mutant file describes: a copy of a production source with one piece of
text replaced. Fails where that text is not there exactly once: a mutant that no longer bites must
not pass for one that does."""

import pathlib
import sys


def read_mutant(path):
    fields, before, after = {}, [], []
    target = None
    for line in path.read_text().splitlines():
        if line == "--- before":
            target = before
        elif line == "--- after":
            target = after
        elif target is not None:
            target.append(line)
        elif line and not line.startswith("#"):
            key, _, value = line.partition(": ")
            fields[key] = value
    return fields, "\n".join(before), "\n".join(after)


def main():
    mutant, root, output = (pathlib.Path(argument) for argument in sys.argv[1:4])
    fields, before, after = read_mutant(mutant)
    source = (root / fields["file"]).read_text()
    if not before or source.count(before) != 1:
        sys.exit(f"{mutant.name}: {fields['file']} has the text to replace "
                 f"{source.count(before) if before else 0} times, not once:\n{before}")
    output.write_text(source.replace(before, after))


if __name__ == "__main__":
    main()
