"""What differs between the kernels, as docs/kernels.md has it. test_kernels holds the table to what each kernel
does; scenarios ask it what to expect."""

from . import kernel, places

PAGE = places.REPOSITORY / "docs" / "kernels.md"


def column(name: str) -> dict[str, str]:
    """Of that kernel: what is measured of it, by the row's key."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ")
    ]
    heads = [row for row in rows if row[0] == "key"]
    if len(heads) != 1 or name not in heads[0]:
        raise ValueError(f"{PAGE} has no column {name}")
    at = heads[0].index(name)
    return {row[0].strip("`"): row[at] for row in rows if len(row) == len(heads[0]) and row[0].startswith("`")}


def says(key: str) -> str:
    """Of the kernel that the tests run on."""
    return column(kernel.chosen())[key]
