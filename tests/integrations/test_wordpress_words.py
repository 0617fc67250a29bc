"""The words of the WordPress plugin in the languages that the stream's pages speak."""

from __future__ import annotations

import json
import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tests.integrations.wordpresssite import PLUGIN
from web.strings import all_strings

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from wordpress_words import compiled

LOCALES = {"de": "de_DE", "es": "es_ES", "eu": "eu", "fr": "fr_FR", "hr": "hr", "pt": "pt_PT"}
SPOKEN = re.compile(r"__\(\s*'([^']+)',\s*'mpower-stream'")


def test_every_word_is_translated_and_none_is_left_over() -> None:
    said = {
        word for path in (*PLUGIN.rglob("*.php"), *PLUGIN.rglob("*.js")) for word in SPOKEN.findall(path.read_text())
    }
    said = {*said, json.loads((PLUGIN / "block" / "block.json").read_text())["description"]} - {"mPOWER Stream"}
    assert len(said) > 25
    assert set(LOCALES) == set(all_strings()) - {"en"}
    for locale in LOCALES.values():
        path = PLUGIN / "languages" / f"mpower-stream-{locale}.po"
        with path.open("rb") as source:
            messages = {message.id: message.string for message in read_po(source) if message.id}
        assert set(messages) == said, locale
        assert all(words and words.count("%s") == english.count("%s") for english, words in messages.items())
        for name, content in compiled(path).items():
            kept = (path.parent / name).read_bytes()
            assert words_of(name, kept) == words_of(name, content), f"{name}: run tools/wordpress_words.py"


def words_of(name: str, content: bytes) -> object:
    """What a compiled file says; its head names the version of what made it."""
    if name.endswith(".json"):
        return json.loads(content)
    return {message.id: message.string for message in read_mo(BytesIO(content)) if message.id}


def test_wordpress_finds_them(town) -> None:
    found = town.php(
        """
        add_filter( 'pre_determine_locale', function () use ( &$locale ) { return $locale; } );
        foreach ( $given['locales'] as $locale ) {
            unload_textdomain( 'mpower-stream' );
            mpower_stream_load_words();
            $script = load_script_textdomain( 'mpower-stream-editor', 'mpower-stream', plugin_dir_path( MPOWER_STREAM_FILE ) . 'languages' );
            $answer[] = array(
                __( 'Settings', 'mpower-stream' ),
                json_decode( $script, true )['locale_data']['mpower-stream']['Topics'][0],
            );
        }
        """,
        locales=list(LOCALES.values()),
    )
    assert found == [
        ["Einstellungen", "Themen"],
        ["Ajustes", "Temas"],
        ["Ezarpenak", "Gaiak"],
        ["Réglages", "Thèmes"],
        ["Postavke", "Teme"],
        ["Definições", "Temas"],
    ]
