"""Strings: prefixes, escapes, f-strings, concatenation."""

name, width, value = "world", 10, 3.14159
plain = 'single' "double" '''triple
line''' """other"""
raw = r"\d+\." + rb"\x00".decode() if False else R'\n'
data = b"bytes \x00\xff" B'more'
escapes = "\n\t\\\x41\u00e9\U0001F600\N{BULLET}\
continued"
hello = f"hello {name}"
nested = f"{value:{width}.{3}f} {name!r:>{width}} {{braces}} {value=}"
quoted = f"{'a' if value else 'b'} {name.upper()} {[c for c in name]} {data[0]}"
multi = f"""
{name
}
"""
joined = (
    f"one {name} "
    "two {name} "
    rf"\three {value}"
)
fancy = f"{(lambda x: x)(1)} {({'k': 1})['k']} {(y := 2)}"
empty = f"" "" f''
conversions = f"{name!s} {name!a}"
percent = "%s %(name)s %%" % {"name": name}
formatted = "{0} {name!r} {{}}".format(1, name=name)


def doc():
    """A docstring with "quotes" and a backslash \\."""
    return f'{name}' f"{plain}"
