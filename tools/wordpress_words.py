"""Makes what WordPress reads (.mo for PHP, .json for the block's script) from the plugin's translations (.po).

python tools/wordpress_words.py
"""

from __future__ import annotations

import json
import struct
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parents[1] / "integrations" / "wordpress" / "mpower-stream" / "languages"
SCRIPT = "block/editor.js"


def compiled(path: Path) -> dict[str, bytes]:
    """What is made of one .po file: by name, what the file holds."""
    with path.open("rb") as source:
        catalog = read_po(source)
    return {
        f"{path.stem}.mo": _for_php(catalog),
        # Under this name WordPress looks for the words of a script that it knows as mpower-stream-editor.
        f"{path.stem}-mpower-stream-editor.json": _for_the_script(catalog),
    }


def _for_php(catalog: Catalog) -> bytes:
    binary = BytesIO()
    write_mo(binary, catalog)
    head = struct.unpack("<7I", binary.getvalue()[:28])
    _, _, total, _, translations, _, _ = head
    # Babel says that its empty hash table is at 0. WordPress reads on from there, so it must be where the lists end.
    return struct.pack("<7I", *head[:6], translations + total * 8) + binary.getvalue()[28:]


def _for_the_script(catalog: Catalog) -> bytes:
    # The form of Jed 1.x, which wp.i18n reads.
    words = {str(m.id): [m.string] for m in catalog if m.id and SCRIPT in {place for place, _ in m.locations}}
    about = {"domain": "mpower-stream", "lang": str(catalog.locale), "plural-forms": catalog.plural_forms}
    data = {"domain": "mpower-stream", "locale_data": {"mpower-stream": {"": about, **words}}}
    return json.dumps(data, ensure_ascii=False, indent=1).encode() + b"\n"


if __name__ == "__main__":
    for source in sorted(FOLDER.glob("*.po")):
        for name, content in compiled(source).items():
            (FOLDER / name).write_bytes(content)
